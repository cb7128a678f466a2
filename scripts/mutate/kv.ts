import type { MutatedFile } from './mutation.ts'

const KV = [
  'test/store/kv.test.ts',
  'test/store/kv-changes.test.ts',
  'test/store/stale-kv.test.ts',
  'test/store/kv-rate.test.ts',
  'test/store/ended.test.ts',
  'test/request/kv-calls.test.ts',
  'test/request/kv-unseen.test.ts',
  'test/request/kv-revoked.test.ts',
  'test/request/sign-in.test.ts',
]

/** Sessions in Workers KV. */
export const KV_STORE: readonly MutatedFile[] = [
  {
    file: 'src/store/kv.ts',
    tests: KV,
    changes: [
      ['if (!isSession(moved, newHash)) return goneOf', 'if (true) return goneOf'],
      ['if (!isUnsent) await atRate(', 'await atRate('],
      [
        'await put(newHandle, { ...session, hash: newHash, entries }',
        'await put(newHandle, { ...session, entries }',
      ],
      ['const tombstone = { rotatedAt: context.now }', 'const tombstone = { rotatedAt: 0 }'],
      ["if (value !== undefined && 'endedAt' in value) return { ok: true }", ''],
      ["if (value !== undefined && 'rotatedAt' in value) return rotated(value.rotatedAt)", ''],
      ['await changes.make(key, () => atRate(end))', 'await atRate(end)'],
      ['await changes.make(key, () => atRate(end))', 'await changes.make(key, end)'],
      [
        'const session = { ...live.session, expiresAt, entries',
        'const session = { ...live.session, entries',
      ],
      [
        'if (changed.length === 0) return { ok: true, ...outcome',
        'if (false) return { ok: true, ...outcome',
      ],
      ['return text === undefined ? get(handle) : parseValue(text)', 'return get(handle)'],
      [
        'prefix + handle, getOptions)\n    return text',
        "prefix + handle, { type: 'text' })\n    return text",
      ],
      ["'expiresAt' in value ? value.expiresAt - context.now : 0", '0'],
    ],
  },
  {
    file: 'src/store/kv/live.ts',
    tests: KV,
    changes: [
      ['now - usedAt < VISIBLE_AFTER_MS', 'false'],
      ['value === undefined && isYoung', 'isYoung'],
      ['createdAt: account.at,', ''],
      ['expiresAt: account.at + timeoutsOf(account, context).absolute,', ''],
      [
        'replacesAnothers || isAnotherUsers(session.account, account) ? {} : session.entries',
        'isAnotherUsers(session.account, account) ? {} : session.entries',
      ],
      [
        'replacesAnothers || isAnotherUsers(session.account, account) ? {} : session.entries',
        'session.entries',
      ],
      ["if ('isCorrupt' in value) return CORRUPT", ''],
      [
        "if ('rotatedAt' in value) return rotated(value.rotatedAt)",
        "if ('rotatedAt' in value) return ENDED",
      ],
      ['if (value.endedAt !== undefined) return ended(value.endedAt, context.now)', ''],
      [
        'Math.min(value.expiresAt, value.createdAt + absolute, usedAt + idle)',
        'Math.min(value.expiresAt, usedAt + idle)',
      ],
      [
        'Math.min(value.expiresAt, value.createdAt + absolute, usedAt + idle)',
        'Math.min(value.createdAt + absolute, usedAt + idle)',
      ],
      ['if (deadline <= context.now)', 'if (deadline < context.now)'],
      ['return value.hash === hash ?', 'return true ?'],
      [
        'const isOpen = mayJoin({ createdAt, usedAt: Infinity }, context.now)',
        'const isOpen = true',
      ],
      ["'hash' in value && value.hash === hash", "'hash' in value"],
    ],
  },
  {
    file: 'src/store/kv/once.ts',
    tests: ['test/store/kv.test.ts', 'test/request/orphans.test.ts', 'test/request/adopt.test.ts'],
    changes: [
      ["if ((await namespace.get(mark, { type: 'text' })) === null) return ENDED", ''],
      ['return reply === ENDED ? SPENT : reply', 'return reply'],
      ["if ((await namespace.get(mark, { type: 'text' })) !== null) return join()", ''],
      ['if (joined.ok) return joined', ''],
      ["await namespace.put(mark, '1', { expirationTtl: ttlSeconds(onceUntil - now) })", ''],
    ],
  },
  {
    file: 'src/store/kv/just-read.ts',
    tests: ['test/store/kv-changes.test.ts', 'test/request/kv-calls.test.ts'],
    changes: [
      ['changed.underWay -= 1', ''],
      ['changed.underWay += 1', ''],
      ['this.count += 1', ''],
      ['return underWay === 0 && at <= since', 'return at <= since'],
      ['return underWay === 0 && at <= since', 'return underWay === 0'],
      ['this.#forgotten = this.count', ''],
      ['if (underWay === 0) this.#keys.delete(key)', 'this.#keys.delete(key)'],
      ['read?.key !== key', 'read === undefined'],
      ['reads.delete(defer)', ''],
      ['passed >= 0 && passed < AT_ONCE', 'passed >= 0'],
      ['passed >= 0 && passed < AT_ONCE', 'passed < AT_ONCE'],
    ],
  },
  {
    file: 'src/store/kv/value.ts',
    tests: KV,
    changes: [
      [
        "if (typeof hash === 'string' && hasTimes && isDictionary(entries))",
        "if (typeof hash === 'string')",
      ],
      [
        'if (rotatedAt !== undefined && Number.isFinite(rotatedAt))',
        'if (rotatedAt !== undefined)',
      ],
      [
        'return value.endedAt === undefined && value.expiresAt > now',
        'return value.expiresAt > now',
      ],
      [
        'return value.endedAt === undefined && value.expiresAt > now',
        'return value.endedAt === undefined',
      ],
      [
        'wasAlive ? leaveWord().catch(remove) : remove().catch(leaveWord)',
        'leaveWord().catch(remove)',
      ],
      [
        'wasAlive ? leaveWord().catch(remove) : remove().catch(leaveWord)',
        'remove().catch(leaveWord)',
      ],
      ['leaveWord().catch(remove)', 'leaveWord()'],
    ],
  },
  {
    file: 'src/store/kv/at-rate.ts',
    tests: ['test/request/kv-own-writes.test.ts', 'test/store/stale-kv.test.ts'],
    changes: [
      ['await (keys.has(key) ? atRate(write) : write())', 'await write()'],
      ['await (keys.has(key) ? atRate(write) : write())', 'await atRate(write)'],
      ['written.get(defer)) ??', 'undefined) ??'],
    ],
  },
]
