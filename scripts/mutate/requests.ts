import type { MutatedFile } from './mutation.ts'

export const LATE: readonly string[] = [
  'test/request/late-writes.test.ts',
  'test/request/overlaps.test.ts',
  'test/request/sign-in.test.ts',
  'test/request/sign-in-overlaps.test.ts',
]
export const FAILURES: readonly string[] = [
  'test/request/store-failure.test.ts',
  'test/request/results.test.ts',
  'test/request/inner-wrappers.test.ts',
  'test/request/two-layers.test.ts',
]

/** A request's life. */
export const REQUESTS: readonly MutatedFile[] = [
  {
    file: 'src/request/stored-session.ts',
    tests: [
      ...LATE,
      'test/request/store-failure.test.ts',
      'test/request/twin-cookies.test.ts',
      'test/request/kv-revoked.test.ts',
      'test/request/adopt.test.ts',
      'test/request/read-cache.test.ts',
    ],
    changes: [
      [
        '!store.can.atomic && token !== undefined && hasEndedSince',
        'token !== undefined && hasEndedSince',
      ],
      ["if (this.state.is !== 'presented') throw this.lose(reply)", ''],
      ['if (!isLate || this.arrival.next !== undefined) this.refuse', 'this.refuse'],
      ['if (isLate || this.isGone) throw', 'if (this.isGone) throw'],
      ['if (isLate || this.isGone) throw', 'if (isLate) throw'],
      ['this.lose(isLate ? reply : undefined)', 'this.lose(reply)'],
      ["this.settings.onStoreFailure !== 'anonymous' || !isStoreFailure", '!isStoreFailure'],
      ['if (!wasUnasked) throw this.lose(reply)', ''],
      ['if (await this.hasNext()) return await this.readNow(isFresh)', ''],
      ['this.isIssued = patch.onceUntil === undefined', 'this.isIssued = true'],
      ['isFresh || !wasUnasked', 'isFresh'],
    ],
  },
  {
    file: 'src/request/token-changes.ts',
    tests: [
      ...LATE,
      'test/request/twin-cookies.test.ts',
      'test/store/session-limit.test.ts',
      'test/request/orphans.test.ts',
      'test/request/own-endings.test.ts',
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
      'test/request/purposes.test.ts',
      'test/request/given-up-calls.test.ts',
    ],
    changes: [
      ['if (this.#calls.delete(call)) reject(', 'if (this.#calls.has(call)) reject('],
      ['this.#controller?.abort(cause)', ''],
      ['=> this.#session.isUse', '=> true'],
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
      'test/request/own-endings.test.ts',
    ],
    changes: [
      ['if (secure && !isSafe) return INSECURE', ''],
      ['token.createdAt + absolute <= base.at', 'token.createdAt + absolute < base.at'],
      ['const isPastIdle = !setup.store.can.recordUse && ', 'const isPastIdle = '],
      ['if (place + 1 === search.values.length) return', 'if (true) return'],
      ['return endedHere > order', 'return true'],
      ['reply.at > at - CLOCK_ALLOWANCE_MS', 'reply.at > 0'],
      ['isOldKey: !isNewestKey', 'isOldKey: false'],
    ],
  },
  {
    file: 'src/request/lifecycle.ts',
    tests: [
      ...FAILURES,
      'test/tracing/tracer.test.ts',
      'test/adapter/itty-router.test.ts',
      'test/request/with-session.test.ts',
      'test/request/features.test.ts',
      'test/request/after-the-response.test.ts',
      'test/request/nested-wrappers.test.ts',
      'test/request/sign-in.test.ts',
    ],
    changes: [
      ['session.token !== session.arrival.token', 'false'],
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
    tests: [
      ...FAILURES,
      ...LATE,
      'test/request/too-large.test.ts',
      'test/request/orphans.test.ts',
      'test/store/session-limit.test.ts',
      'test/adapter/hono.test.ts',
      'test/adapter/react-router-storage.test.ts',
    ],
    changes: [
      ['await session.drop()\n  // A commit', '  // A commit'],
      ["|| hasCode(error, 'ERR_CONFLICT')", ''],
      ["hasCode(error, 'ERR_SESSION_ENDED') && isOver", "hasCode(error, 'ERR_SESSION_ENDED')"],
      ['if (session.isOver || session.depth <= 1) session.dictionary.discard()', ''],
      ['session.settings.dropsLateWrites && isLate(session, error)', 'isLate(session, error)'],
      ['if (isOutermost && isLast) session.dictionary.seal()', ''],
      ['if (isOutermost) await abandon(session)', ''],
      ['entered !== undefined && entered !== innermost', 'false'],
      ['session.isIssued || isDestroyed(session.state)', 'isDestroyed(session.state)'],
      ['session.isIssued || isDestroyed(session.state)', 'session.isIssued'],
    ],
  },
]
