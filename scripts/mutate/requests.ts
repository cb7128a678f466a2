import type { MutatedFile } from './mutation.ts'

const TOKENS = [
  'test/codec/token.test.ts',
  'test/codec/forged-cookies.test.ts',
  'test/request/key-rotation.test.ts',
]
const CHANGES = [
  'test/session/dictionary.test.ts',
  'test/session/changes-under-way.test.ts',
  'test/session/own-changes.test.ts',
  'test/session/repeated-operations.test.ts',
  'test/request/inner-wrappers.test.ts',
]
const LATE = [
  'test/request/late-writes.test.ts',
  'test/request/overlaps.test.ts',
  'test/request/sign-in.test.ts',
  'test/request/sign-in-overlaps.test.ts',
]
const FAILURES = [
  'test/request/store-failure.test.ts',
  'test/request/results.test.ts',
  'test/request/inner-wrappers.test.ts',
  'test/request/two-layers.test.ts',
]
const CSRF = [
  'test/guard/csrf.test.ts',
  'test/guard/csrf-visitor.test.ts',
  'test/guard/csrf-subject.test.ts',
  'test/guard/handshake.test.ts',
]

/** The tokens, the working copy, a request's life, and the guards. */
export const REQUESTS: readonly MutatedFile[] = [
  {
    file: 'src/codec/token.ts',
    tests: TOKENS,
    changes: [
      ['if (!(await verify(signingKey.key,', 'if (false && !(await verify(signingKey.key,'],
      ['return `session ${cookieName} ${signed}`', 'return `session ${signed}`'],
      ['known?.cookieName === cookieName', 'known !== undefined'],
      [
        'newRandomText().slice(0, FAMILY_END) + newRandomText()',
        'newRandomText().slice(0, FAMILY_END).repeat(4)',
      ],
      ['length > MAX_LENGTH || ', ''],
      ['const isNewestKey = signingKey === keyring[0]', 'const isNewestKey = true'],
      ['known.size >= MAX_VERIFIED', 'false'],
      ['return refused(SHAPE.test(value) ? reason : ', 'return refused(true ? reason : '],
    ],
  },
  {
    file: 'src/codec/keyring.ts',
    tests: ['test/codec/keyring.test.ts', ...TOKENS],
    changes: [
      ['bytes.length >= MIN_SECRET_BYTES', 'bytes.length > 0'],
      ['`session ${purpose}`', "'session'"],
      ['bytes.slice(KEY_BYTES)', 'bytes.slice(0, 3)'],
    ],
  },
  {
    file: 'src/session/changes.ts',
    tests: CHANGES,
    changes: [
      ['recorded === changes.unsaved && changes.patch !== undefined', 'false'],
      ['const clear = [...(changes.saved?.keys() ?? [])]', 'const clear: string[] = []'],
      ['if (isWhole) changes.patch = patch', ''],
      ['if (!port.canKeep) return', ''],
      ['unsaved === changes.unsaved) changes.mustClear = false', 'true) changes.mustClear = false'],
      ['if (unsaved?.get(name) === text) unsaved.delete(name)', 'unsaved?.delete(name)'],
      [
        'if (changes.writing === writing) changes.writing = undefined',
        'changes.writing = undefined',
      ],
      ['changes.writing = writing\n', '\n'],
      ['since === undefined || (changes.mustClear && !since.mustClear)', 'since === undefined'],
    ],
  },
  {
    file: 'src/session/dictionary.ts',
    tests: CHANGES,
    changes: [
      [
        'record(name: string, text: string | null): void {\n    this.changes.patch = undefined',
        'record(name: string, text: string | null): void {',
      ],
      ['this.#operations?.forget(name)', ''],
      ['this.#operations?.forget()\n', '\n'],
      ['this.changes.saved = withoutData(this.changes.saved)', ''],
      ['this.changes.isCleared = true', ''],
      ['if (this.#isSealed) throw sealedError()', ''],
      ['if (this.#loading === reading) this.#loading = undefined', ''],
      ['if (!this.port.isCopied) return', 'return'],
      ['settled.then(() => commitLast(this))', 'settled.then(() => undefined)'],
      ['this.changes.isCleared && name.startsWith(DATA) ? null', 'this.changes.isCleared ? null'],
    ],
  },
  {
    file: 'src/session/atomic.ts',
    tests: [...CHANGES, 'test/session/operation-counts.test.ts', 'test/request/races.test.ts'],
    changes: [
      ['if (writing !== undefined) {', 'if (false) {'],
      ['repeated === undefined || repeated.before === saved.get(name)', 'true'],
      ['if (dictionary.unsaved(name) !== unsaved) {', 'if (false) {'],
      ['if (unsaved?.get(name) === text) unsaved.set(name, before)', ''],
      ['return moved === true ? {} : { repeated }', 'return { repeated }'],
      ["reply.why === 'conflict' && triesLeft > 1", 'false'],
      ['return isSame ? operations', 'return true ? operations'],
    ],
  },
  {
    file: 'src/session/operations.ts',
    tests: [...CHANGES, 'test/session/operation-counts.test.ts'],
    changes: [
      ['this.#underWay.add(running)', ''],
      ['(sent) => sent.kind === kind)\n    return this.send', '() => false)\n    return this.send'],
      ['if (name.startsWith(DATA)) this.#unsure', 'this.#unsure'],
    ],
  },
  {
    file: 'src/session/savepoint.ts',
    tests: CHANGES,
    changes: [
      ['isRecorded(name) && !isWritten(name)', 'isRecorded(name)'],
      ['isRecorded(name) && !isWritten(name)', '!isWritten(name)'],
      ['if (isClearWritten) return { ...present, unsaved }', ''],
    ],
  },
  {
    file: 'src/request/stored-session.ts',
    tests: [
      ...LATE,
      'test/request/store-failure.test.ts',
      'test/request/twin-cookies.test.ts',
      'test/request/kv-revoked.test.ts',
    ],
    changes: [
      [
        '!store.can.atomic && token !== undefined && hasEndedSince',
        'token !== undefined && hasEndedSince',
      ],
      ["if (this.state.is !== 'presented') throw this.lose(reply)", ''],
      ['if (!isLate || this.arrival.next !== undefined) this.refuse', 'this.refuse'],
      ['if (isLate) throw this.lose(reply)', ''],
      ["this.settings.onStoreFailure !== 'anonymous' || !isStoreFailure", '!isStoreFailure'],
      ['if (!wasUnasked) throw this.lose(reply)', ''],
      ['if (await this.hasNext()) return await this.readNow(isFresh)', ''],
      ['this.isIssued = patch.onceUntil === undefined', 'this.isIssued = true'],
      ['const mustAsk = isFresh || !wasUnasked', 'const mustAsk = isFresh'],
    ],
  },
  {
    file: 'src/request/token-changes.ts',
    tests: [
      ...LATE,
      'test/request/twin-cookies.test.ts',
      'test/store/session-limit.test.ts',
      'test/request/orphans.test.ts',
    ],
    changes: [
      ['if (session.isOver) await dropPending(session)', ''],
      ['signIn.userId !== former?.userId', 'true'],
      [
        'const createdAt = patch.signIn?.at ?? token.createdAt',
        'const createdAt = token.createdAt',
      ],
      ['session.isIssued = true', ''],
      ['if (await session.hasNext()) return true\n  session.startOver()', 'session.startOver()'],
      ['each = await each.next?.()', 'each = undefined'],
      ['noteEnding(id)', ''],
      ['reply !== undefined && ended.length === 0', 'reply !== undefined'],
    ],
  },
  {
    file: 'src/request/store-client.ts',
    tests: [
      'test/request/store-failure.test.ts',
      'test/request/store-failure-reasons.test.ts',
      'test/request/costs.test.ts',
      'test/request/renewal.test.ts',
    ],
    changes: [
      ['if (this.#calls.delete(call)) reject(', 'if (this.#calls.has(call)) reject('],
      ['this.#controller?.abort(cause)', ''],
      ["this.#session.purpose === 'view'", 'true'],
      ['if (this.#session.depth === 0) this.close()', ''],
      ['else if (this.#timer === undefined) this.#setTimer', 'else if (false) this.#setTimer'],
      ['depth > MAX_CAUSES', 'depth > 0'],
      ["const effect = isRead ? ''", "const effect = !isRead ? ''"],
    ],
  },
  {
    file: 'src/request/open.ts',
    tests: [
      ...LATE,
      'test/request/twin-cookies.test.ts',
      'test/request/timeouts.test.ts',
      'test/request/key-rotation.test.ts',
      'test/request/cookie-domain.test.ts',
      'test/request/plain-http.test.ts',
    ],
    changes: [
      ['if (secure && !isSafe) return INSECURE', ''],
      [
        'token.createdAt + context.absolute <= base.at',
        'token.createdAt + context.absolute < base.at',
      ],
      ['const isPastIdle = !setup.store.can.recordUse && ', 'const isPastIdle = '],
      ['if (place + 1 === search.values.length) return', 'if (true) return'],
      ['return endedHere > order', 'return true'],
      ['reply.at > at - CLOCK_ALLOWANCE_MS', 'reply.at > 0'],
      ['isOldKey: !isNewestKey', 'isOldKey: false'],
    ],
  },
  {
    file: 'src/request/lifecycle.ts',
    tests: [...FAILURES, 'test/request/with-session.test.ts', 'test/request/features.test.ts'],
    changes: [
      ['if (shown.settings.mark === mark) return shown', 'return shown'],
      [
        'const savepoint = session.depth > 0 ? savepointOf',
        'const savepoint = false ? savepointOf',
      ],
      ['if (session.depth === 0) session.close()', 'session.close()'],
      ['carrierOf(request).session = entered.outer', ''],
      [
        'return session.depth > 1 ? response : commit(session, response)',
        'return commit(session, response)',
      ],
      ['!session.store.can.atomic || !session.isUsed', '!session.isUsed'],
      ['session.entered.splice(session.entered.indexOf(entered), 1)', 'session.entered.pop()'],
      ['dictionary.seal()\n    return response', 'return response'],
      ["state.is === 'none' && dictionary.isDirty && response", 'dictionary.isDirty && response'],
    ],
  },
  {
    file: 'src/request/failure.ts',
    tests: [...FAILURES, ...LATE, 'test/request/too-large.test.ts', 'test/request/orphans.test.ts'],
    changes: [
      ['await session.drop()\n  // A commit', '  // A commit'],
      ["|| hasCode(error, 'ERR_CONFLICT')", ''],
      ["hasCode(error, 'ERR_SESSION_ENDED') && isOver", "hasCode(error, 'ERR_SESSION_ENDED')"],
      ['if (session.isOver || session.depth <= 1) session.dictionary.discard()', ''],
      ['session.settings.dropsLateWrites && isLate(session, error)', 'isLate(session, error)'],
      ['if (isOutermost && isLast) session.dictionary.seal()', ''],
      ['if (isOutermost) await abandon(session)', ''],
      ['entered !== undefined && entered !== innermost', 'false'],
      ['return session.isIssued ? withSessionHeaders', 'return false ? withSessionHeaders'],
    ],
  },
  {
    file: 'src/request/response.ts',
    tests: [
      ...FAILURES,
      'test/request/set-cookie.test.ts',
      'test/request/caching.test.ts',
      'test/request/key-rotation.test.ts',
      'test/request/renewal.test.ts',
      'test/request/timeouts.test.ts',
      'test/request/persistent-cookie.test.ts',
    ],
    changes: [
      [
        "return arrival.hasCookie && session.canKeep ? 'clear' : undefined",
        "return session.canKeep ? 'clear' : undefined",
      ],
      ['if (state.status.renewal !== undefined) return false', ''],
      ['if (arrival.isOldKey) return true', ''],
      ['context.idle / 2', 'context.idle'],
      ['Math.max(token.usedAt, state.usedAt)', 'token.usedAt'],
      ["if (value === '') return change !== 'issue'", "if (value === '') return false"],
      ["return change === 'clear' && !isSame", 'return false'],
      [
        "if (headers.has('Set-Cookie')) forbidStoring(headers)\n  return withCaching",
        'return withCaching',
      ],
      ["STORAGE.test(said) && headers.has('Set-Cookie')", 'false'],
      ['if (!session.isUsed) return response', ''],
      ['state.status.account === undefined)', 'true)'],
      ['Math.max(bookmark, token.bookmark ?? 0)', 'bookmark'],
      [
        'const others = headers.getSetCookie().filter((value) => !value.startsWith(start))',
        'const others = headers.getSetCookie()',
      ],
    ],
  },
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
