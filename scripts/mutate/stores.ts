import type { MutatedFile } from './mutation.ts'

const OBJECTS = ['test/store/session-life.test.ts', 'test/store/durable-object.test.ts']
const COPIES = [
  'test/store/cached-ends.test.ts',
  'test/store/read-cache.test.ts',
  'test/store/session-life.test.ts',
  'test/request/read-cache.test.ts',
  'test/request/read-cache-copies.test.ts',
]

/** The objects and the copies. */
export const STORES: readonly MutatedFile[] = [
  {
    file: 'src/store/object/session-object.ts',
    tests: [
      'test/store/refused-rows.test.ts',
      ...OBJECTS,
      'test/store/protocol.test.ts',
      'test/store/far-times.test.ts',
    ],
    changes: [
      ['if (version > PROTOCOL + 1)', 'if (version > PROTOCOL)'],
      ['if (deadline !== undefined) await this.ctx.storage.setAlarm(alarmAt(deadline))', ''],
      ['void storage.deleteAlarm()', '', 'Only before 2026-02-24 did deleteAll leave the alarm.'],
      ['rows.clear()', ''],
      ['return storage.deleteAll()', 'return undefined'],
      ['if (changed.length > 0) this.ctx.abort(String(error))', ''],
      ['const alarm = isNew ? storage', 'const alarm = !isNew ? storage'],
    ],
  },
  {
    file: 'src/store/object/session-rows.ts',
    tests: [...OBJECTS, 'test/store/sizes.test.ts'],
    changes: [
      [
        "if (session === undefined) return 'corrupt'",
        'if (session === undefined) return undefined',
      ],
      ['for (const name of rows.keys()) this.#apart.add(name)', ''],
      ['new Map([...this.#together, ...rows])', 'new Map([...this.#together])'],
      ['meta.operations.slice(-MIN_OPERATIONS)', 'meta.operations.slice(-MIN_OPERATIONS).slice(1)'],
      ['+ (text?.length ?? 0) <= MAX_TOGETHER', '+ (text?.length ?? 0) >= 0'],
      ['if (this.#apart.delete(name)) this.#rows.delete(name)', 'this.#apart.delete(name)'],
      ['} else if (fits && !this.#apart.has(name)) {', '} else if (fits) {'],
      ['this.#characters -= name.length + text.length', ''],
      ['this.#together.clear()', ''],
      ['this.#apart.clear()', ''],
    ],
  },
  {
    file: 'src/store/object/object-store.ts',
    tests: [
      'test/store/object-calls.test.ts',
      ...OBJECTS,
      'test/store/fresh-stub.test.ts',
      'test/store/sizes.test.ts',
      'test/request/store-failure.test.ts',
    ],
    changes: [
      ['if (!REPEATABLE.has(method)) return call()', ''],
      ['if (!mayBeTriedAgain(error)) throw error', 'throw error'],
      ['if (error instanceof SessionError) throw error', ''],
      ['request.length > MAX_CALL_BYTES || ', 'false || '],
      ['|| /[^\\0-\\xFF]/.test(request)', '|| false'],
    ],
  },
  {
    file: 'src/store/object/fresh-stub.ts',
    tests: ['test/store/fresh-stub.test.ts'],
    changes: [
      ['retryable === true || ', ''],
      [' || durableObjectReset === true', ''],
      [' && overloaded !== true', ''],
    ],
  },
  {
    file: 'src/store/object/alarm.ts',
    tests: ['test/store/far-times.test.ts'],
    changes: [['Math.min(time, LAST_ALARM)', 'time']],
  },
  {
    file: 'src/store/cached/copies.ts',
    tests: COPIES,
    changes: [
      [
        'if (held?.secret !== secret || !isCopy(held)) return undefined',
        'if (held === undefined || !isCopy(held)) return undefined',
      ],
      [
        'if (copy === undefined || this.isRefused(credential)) return',
        'if (copy === undefined) return',
      ],
      ['return revision >= known && !this', 'return !this'],
      ['return revision >= known && !this.isRefused(credential)', 'return revision >= known'],
      ['if (before?.revision !== revision - 1) return', 'if (before === undefined) return'],
      ['isAnotherUsers(before.account, account) ? {} : before.entries', 'before.entries'],
      [
        'if (held?.secret === secret) this.#drop(handle, held)',
        'if (held !== undefined) this.#drop(handle, held)',
      ],
      [
        'held !== undefined && held.at >= at ? held',
        'held !== undefined ? held',
        'What is then shared is of a later revision.',
      ],
      ['(held.revision < present.revision || held.at < present.at)', 'held.at < present.at'],
      [
        '(held.revision < present.revision || held.at < present.at)',
        'held.revision < present.revision',
      ],
      ['revision !== before + 1 || moved !== true', 'revision !== before + 1'],
      ['revision !== before + 1 || moved !== true', 'moved !== true'],
      ['if (charactersOf(held) > MAX_CHARACTERS_EACH) return', ''],
    ],
  },
  {
    file: 'src/store/cached/freshness.ts',
    tests: COPIES,
    changes: [
      ['bookmark === undefined || copy.revision < bookmark', 'bookmark === undefined'],
      ['age >= 0 && ', ''],
      ['age < maxAge && ', ''],
      [' && now - copy.usedAt < touch', ''],
      [' || renewal !== undefined', ''],
    ],
  },
  {
    file: 'src/store/cached/shared-copies.ts',
    tests: COPIES,
    changes: [
      ['|| !isGood(copy, bookmark, asked)', ''],
      ['return copy.hash === (await sha256(secret)) ? copy : undefined', 'return copy'],
      ['await withinTime(TIME_LIMIT_MS, getting)', 'await getting'],
      ['await this.#try(() => this.#namespace.delete(PREFIX + handle))', ''],
    ],
  },
  {
    file: 'src/store/cached.ts',
    tests: COPIES,
    changes: [
      [
        'if (copy === undefined || !copies.isNewest(credential, copy)) {',
        'if (copy === undefined) {',
      ],
      ["if (reply.gone !== 'rotated') copies.outdate", 'copies.outdate'],
      ["if (reply.gone !== 'rotated') copies.outdate(credential.handle, now)", ''],
      ['context.fresh === true ? undefined : copies.find', 'false ? undefined : copies.find'],
      ['context.fresh === true || copies.isRefused(credential)', 'copies.isRefused(credential)'],
      [
        'if (!reply.ok || reply.createdAt !== undefined) return',
        'if (!reply.ok) return',
        'A reply to who joins moves nothing, so the copy is only dropped.',
      ],
      ['copies.outdate(credential.handle, context.now)\n      if (shared', 'if (shared'],
      ['if (shared !== undefined) context.defer?.(() => shared.delete(credential.handle))', ''],
      ['share(next, context)', ''],
      ['if (touch > 0) return', 'return'],
      ['isShared ? undefined : copies.since', 'copies.since'],
    ],
  },
  {
    file: 'src/store/memory.ts',
    tests: ['test/store/memory.test.ts'],
    changes: [
      ['cells.get(handle) ?? newCell(handle)', 'newCell(handle)'],
      [
        'if (cell.deadline === 0 && cells.get(handle) === cell) cells.delete(handle)',
        '',
        'The next sweep deletes it.',
      ],
      ['untilSweep -= 1', ''],
      ['untilSweep = SWEEP_EVERY\n      for', 'for', 'It sweeps more often.'],
      ['if (each.deadline === 0) cells.delete(name)', '', 'An empty cell answers as none does.'],
      ['void each.sweep(now)', ''],
    ],
  },
  {
    file: 'src/store/within-time.ts',
    tests: ['test/store/within-time.test.ts'],
    changes: [
      ['if (milliseconds > MAX_MILLISECONDS) return promise', ''],
      ['clearTimeout(timer)', ''],
    ],
  },
]
