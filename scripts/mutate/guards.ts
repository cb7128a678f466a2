import type { MutatedFile } from './mutation.ts'

const CSRF = [
  'test/guard/csrf.test.ts',
  'test/guard/csrf-visitor.test.ts',
  'test/guard/csrf-subject.test.ts',
  'test/guard/handshake.test.ts',
]

/** The guards. */
export const GUARDS: readonly MutatedFile[] = [
  {
    file: 'src/guard/csrf.ts',
    tests: CSRF,
    changes: [
      [
        "new Set(['GET', 'HEAD', 'OPTIONS', 'TRACE'])",
        "new Set(['GET', 'HEAD', 'OPTIONS', 'TRACE', 'DELETE'])",
      ],
      ['if (isSafe && !isHandshake(request))', 'if (isSafe)'],
      ["if (foreign === true) return refused(session, request, ['cross-origin', FOREIGN])", ''],
      ['foreign === undefined && session.hasCredentials', 'foreign === undefined'],
      ['foreign === undefined && session.hasCredentials', 'false'],
      ['!isSafe && (requireToken || mayLose)', 'requireToken || mayLose'],
      ['crypto.getRandomValues(new Uint8Array(MAC_BYTES))', 'new Uint8Array(MAC_BYTES)'],
      ['if (hasSession(session)) return isSigned', 'if (false) return isSigned'],
      ['return !hasSession(session)\n', 'return true\n'],
      ['${store.idOf(handle)} ${familyOf(secret)}', '${store.idOf(handle)}'],
      ["if (mac === '') return false", '', 'The empty text is no MAC of any text.'],
    ],
  },
  {
    file: 'src/guard/csrf-visitor.ts',
    tests: CSRF,
    changes: [
      ['? [id] : []', '? [id] : [id]'],
      ['() => !hasSession(session)])', '() => true])'],
      ["session.state.is === 'live'", 'true'],
      ["path: '/',", ''],
      ['domain: undefined,', ''],
      ['newIds.set(session, made)', ''],
    ],
  },
  {
    file: 'src/guard/require-user.ts',
    tests: [
      'test/guard/require-user.test.ts',
      'test/request/read-cache.test.ts',
      'test/guard/authenticated.test.ts',
      'test/guard/next-path.test.ts',
    ],
    changes: [
      ["if (session.authenticatedAt === undefined) return 'Sign in first.'", ''],
      ['(session.aal ?? 1) < aal', '(session.aal ?? 1) > aal'],
      [
        'now - authenticatedAt.getTime() < seconds * 1000',
        'now - authenticatedAt.getTime() <= seconds * 1000',
      ],
      ['{ ...options, fresh: true }', 'options'],
      ['load({ fresh })', 'load()'],
      ["request.method === 'GET' || request.method === 'HEAD'", "request.method === 'GET'"],
      ['status ?? (isRead ? 401 : 403)', 'status ?? 401'],
    ],
  },
  {
    file: 'src/guard/login-redirect.ts',
    tests: [
      'test/guard/login-elsewhere.test.ts',
      'test/guard/require-user.test.ts',
      'test/guard/next-path.test.ts',
    ],
    changes: [
      ['isElsewhere ? href : pathname + search', 'pathname + search'],
      ["loginUrl.includes('?') ? '&' : '?'", "'?'"],
      ["'Cache-Control': 'private, no-store'", "'Cache-Control': 'private'"],
    ],
  },
  {
    file: 'src/guard/request-origin.ts',
    tests: CSRF,
    changes: [
      ["headers.has('sec-websocket-key') ||", ''],
      ["headers.has('sec-websocket-version') ||", ''],
      [" ||\n    headers.get('sec-fetch-mode') === 'websocket'", ''],
      [' && trustedOrigins.includes(origin)) return false', ' && false) return false'],
      [" && !(site === 'none' && isHandshake(request))", ''],
      ["return site !== 'same-origin' && site !== 'none'", "return site !== 'same-origin'"],
      ["return site !== 'same-origin' && site !== 'none'", "return site === 'cross-site'"],
      ['return origin === null ? undefined : !isOwn(origin, request)', 'return undefined'],
      ['return origin === originOf(`${new URL(url).protocol}//${host}`)', 'return false'],
      ['return origin === originOf(`${new URL(url).protocol}//${host}`)', 'return true'],
      ['return originOf(text) === text', 'return true'],
    ],
  },
  {
    file: 'src/guard/form-token.ts',
    tests: ['test/guard/form-token.test.ts', 'test/guard/csrf.test.ts'],
    changes: [
      [
        'form === undefined || request.bodyUsed',
        'form === undefined',
        'a body that is used cannot be cloned, and that error is caught',
      ],
      ['request.clone().body', 'request.body'],
      ['value.subarray(0, limit - bytes)', 'value'],
      ['isLast ? text + end : text', 'text'],
      ['if (isCut) return { limit }', 'if (isCut) return {}'],
      ['text = text.slice(-OVERLAP)', "text = ''"],
      ['text = text.slice(-OVERLAP)', '', 'it holds more of the body, and finds the same'],
      ['if ((quoted ?? bare) === name) return value', 'return value'],
      ['if (!isLast && isTooSoon(text, searches - bytes / PIECE_BYTES)) continue', ''],
      ['(?=${delimiter})', ''],
      ['value === undefined ? undefined : decodeURIComponent(value)', 'value'],
    ],
  },
  {
    file: 'src/guard/next-path.ts',
    tests: ['test/guard/next-path.test.ts'],
    changes: [
      [
        ' || next.length > MAX_CHARACTERS) return undefined\n  if (CONTROLS.test(next)) return undefined',
        ') return undefined',
      ],
      ['  if (CONTROLS.test(next)) return undefined\n', ''],
      ['return encoded.length > MAX_CHARACTERS ? undefined : encoded', 'return encoded'],
      [" || path.includes('\\\\')", ''],
      [' || CONTROLS.test(path)) return false', ') return false'],
      ["origin !== ORIGIN || pathname.startsWith('//')", 'origin !== ORIGIN'],
      [
        "origin !== ORIGIN || pathname.startsWith('//')",
        "pathname.startsWith('//')",
        'what begins with one slash and has no backslash stays on the origin',
      ],
      ['decoded !== undefined && encodings > 0 && isOwnPath(decoded, encodings - 1)', 'true'],
      ['encodings > 0 && ', ''],
      ['?? asciiOf(otherwise)', '?? otherwise'],
    ],
  },
  {
    file: 'src/codec/accepts-html.ts',
    tests: [
      'test/guard/require-user.test.ts',
      'test/guard/authenticated.test.ts',
      'test/request/refused-responses.test.ts',
    ],
    changes: [
      [' && !parameters.some((parameter) => /^q=0(\\.0*)?$/.test(parameter))', ''],
      [" || type === 'application/xhtml+xml'", ''],
      ['.toLowerCase()', ''],
    ],
  },
  {
    file: 'src/guard/current-user.ts',
    tests: ['test/guard/current-user.test.ts'],
    changes: [
      [
        'if (known?.userId === userId) return known.user',
        'if (known !== undefined) return known.user',
      ],
      ['if (known?.userId === userId) return known.user', ''],
      ['if (users.get(session) === loading) users.delete(session)', 'users.delete(session)'],
      ['if (users.get(session) === loading) users.delete(session)', ''],
      ['if (userId === undefined) return undefined', ''],
      ['await session.load()', ''],
    ],
  },
]
