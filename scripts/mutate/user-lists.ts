import type { MutatedFile } from './mutation.ts'

const LISTS = [
  'test/store/user-rows.test.ts',
  'test/store/user-index-calls.test.ts',
  'test/store/user-cell-endings.test.ts',
  'test/store/user-cell.test.ts',
  'test/store/user-index.test.ts',
  'test/store/session-limit.test.ts',
]

/** The users' lists. */
export const USER_LISTS: readonly MutatedFile[] = [
  {
    file: 'src/store/user-index/user-cell.ts',
    tests: LISTS,
    changes: [
      ['for (const { id, expiresAt } of alive) this.#places.update(id, { expiresAt })', ''],
      [
        "method === 'use' ? this.#places.update(id, { usedAt: now }) : places.delete(id)",
        'places.delete(id)',
      ],
      ['if (this.#listed.has(id) && !over.has(id)) return true', ''],
      ['if (this.#places.excess(id, limit, over) > 0) return false', ''],
      [
        'if (this.#listed.size + this.#ending.size === 0) this.#storage.wakeAt(until)',
        'if (this.#listed.size === 0) this.#storage.wakeAt(until)',
      ],
      ['if (isFirst && this.#ending.size === 0) this', 'if (isFirst) this'],
      ['if (isFirst && this.#ending.size === 0) this', 'if (false) this'],
      ['this.#beginEnding(ended, now)', ''],
      ['if (onTheirWay.length > 0) this.#save(onTheirWay)', ''],
      ['this.#beginEnding(revoked, now)', ''],
      [
        'this.#listed.delete(id)\n      this.#ending.set(id, { address, createdAt })',
        'this.#ending.set(id, { address, createdAt })',
      ],
      ['this.#storage.wakeAt(now + RETRY_MS)', ''],
      [
        'this.#ending.delete(id)\n        this.#ending.set(id, ending)',
        'this.#ending.set(id, ending)',
      ],
      ['if (failed !== undefined) throw failed.reason', ''],
      ['this.#failures = failed === undefined ? 0 : this.#failures + 1', 'this.#failures += 1'],
      ['if (isSure || againAt !== undefined || !mayCome)', 'if (true)'],
      ['!look.ok || !this.#listed.has(session.id)', '!look.ok'],
      [
        'seen[index] === undefined && this.#listed.get(session.id) === session',
        'seen[index] === undefined',
      ],
      [
        'return present === session || present.expiresAt > asked.now ? [present] : []',
        'return [present]',
      ],
      ['} catch {\n      return session\n', '} catch {\n      return undefined\n'],
      ['if (endings.length > 0) this', 'if (expiries.length === 0) this'],
    ],
  },
  {
    file: 'src/store/user-index/places.ts',
    tests: LISTS,
    changes: [
      ['others.delete(id)', ''],
      ["limit.whenFull === 'refuse' ? this.reserved.keys() : []", '[]'],
      ["limit.whenFull === 'refuse' ? this.reserved.keys() : []", 'this.reserved.keys()'],
      ['isFull && row === undefined && place === undefined', 'isFull && row === undefined'],
      ['isFull && row === undefined && place === undefined', 'isFull && place === undefined'],
      ['this.reserved.delete(reservation)', ''],
      ['place?.isRevoked === true ? [...ended, session] : ended', 'ended'],
      ['id !== except && !over.has(id)', '!over.has(id)'],
      ['one.createdAt - other.createdAt', 'other.createdAt - one.createdAt'],
      ['until <= now).map', 'until < now).map'],
      ['usedAt: Math.max(row.usedAt, usedAt)', 'usedAt'],
      ['expiresAt: Math.max(row.expiresAt, expiresAt)', 'expiresAt'],
    ],
  },
  {
    file: 'src/store/user-index/user-call.ts',
    tests: ['test/store/user-call.test.ts', 'test/store/user-protocol.test.ts'],
    changes: [
      ["except === undefined && isKind('one')", "isKind('one')"],
      ['if (only !== undefined) return undefined', ''],
      ["return except === undefined && isKind('all') ?", 'return except === undefined ?'],
      ["isKind('others') ? (id) => id !== except", "isKind('others') ? (id) => id === except"],
    ],
  },
  {
    file: 'src/store/user-index/user-rows.ts',
    tests: [...LISTS, 'test/store/user-protocol.test.ts'],
    changes: [
      ['Math.max(session.usedAt, row?.usedAt ?? 0)', 'session.usedAt'],
      ['if (isSignIn !== true) return { ...row, ...session, usedAt }', ''],
      ['createdAt + (absolute ?? Infinity)', 'Infinity'],
      ['notesUse === true && idle !== undefined', 'idle !== undefined'],
    ],
  },
  {
    file: 'src/store/user-index/user-object.ts',
    tests: LISTS,
    changes: [
      ['if (row !== undefined) rows.set(', 'rows.set('],
      ['this.#put(ENDING + id, ending.get(id))', ''],
      ['this.#put(RESERVED + id, reserved.get(id))', ''],
      ['void storage.deleteAll()', ''],
    ],
  },
  {
    file: 'src/store/user-index/object-index.ts',
    tests: [...LISTS, 'test/store/user-protocol.test.ts'],
    changes: [
      ['`${cookieName} ${asked.userId}`', 'asked.userId'],
      ["what.method === 'list' ? withFreshStub(send)", 'false ? withFreshStub(send)'],
      ['after = page.next', 'after = undefined'],
      ["if (typeof reply === 'boolean') return reply", 'return reply as boolean'],
      ['other.createdAt - one.createdAt', '0'],
    ],
  },
  {
    file: 'src/store/user-index/reach.ts',
    tests: LISTS,
    changes: [
      [
        'withinTime(TIME_LIMIT_MS, objectOf(id).call(request, PROTOCOL))',
        'objectOf(id).call(request, PROTOCOL)',
      ],
      ["call.method === 'look' ? withFreshStub(send)", 'false ? withFreshStub(send)'],
      ['if (!address.startsWith(OBJECT)) return undefined', ''],
      ["if (kvs.length === 0) throw unreachable('KV')", ''],
      [
        'await endInKv(kvs, address.slice(KV.length), now)\n      return false',
        'await endInKv(kvs, address.slice(KV.length), now)\n      return true',
      ],
      ['text !== null && isAlive(parseValue(text), now)', 'text !== null'],
      ['kvs.slice(at, at + 1)', 'kvs'],
    ],
  },
]
