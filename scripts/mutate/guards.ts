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
      ["if (foreign === true) return refuse(session, 'cross-origin', FOREIGN)", ''],
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
      ['(isRead ? 401 : 403)) === 403', '401) === 403'],
      ['isElsewhere ? href : pathname + search', 'pathname + search'],
      ["loginUrl.includes('?') ? '&' : '?'", "'?'"],
      ["'Cache-Control': 'private, no-store'", "'Cache-Control': 'private'"],
    ],
  },
]
