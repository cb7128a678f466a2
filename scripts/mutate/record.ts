import type { MutatedFile } from './mutation.ts'

const RULES = ['test/store/memory.test.ts', 'test/store/session-life.test.ts']
const ENDS = [...RULES, 'test/store/ended.test.ts']
const OBJECTS = [...ENDS, 'test/store/durable-object.test.ts']

/** The rules of a session's life. */
export const RECORD: readonly MutatedFile[] = [
  {
    file: 'src/record/meta.ts',
    tests: [
      ...OBJECTS,
      'test/store/session-cell.test.ts',
      'test/request/renewal.test.ts',
      'test/request/persistent-cookie.test.ts',
      'test/request/purposes.test.ts',
    ],
    changes: [
      ['const isOnce = onceUntil > now', 'const isOnce = false'],
      [
        'if (!isOnce && endedAt === undefined) return undefined',
        'if (!isOnce || endedAt === undefined) return undefined',
      ],
      ['const until = isOnce ? onceUntil : now + END_KNOWN_MS', 'const until = now + END_KNOWN_MS'],
      [
        'return usedAt === createdAt || now < createdAt + JOIN_WINDOW_MS',
        'return now < createdAt + JOIN_WINDOW_MS',
      ],
      [
        'return usedAt === createdAt || now < createdAt + JOIN_WINDOW_MS',
        'return usedAt === createdAt',
      ],
      [
        'return Math.min(meta.usedAt + idle, meta.createdAt + absolute)',
        'return meta.usedAt + idle',
      ],
      [
        'return Math.min(meta.usedAt + idle, meta.createdAt + absolute)',
        'return meta.createdAt + absolute',
      ],
      [
        'if (deadlineOf(meta, context) <= context.now)',
        'if (deadlineOf(meta, context) < context.now)',
      ],
      ['if (deadlineOf(meta, context) <= context.now)', 'if (deadlineOf(meta) <= context.now)'],
      ['context.now < meta.former.until', 'context.now <= meta.former.until'],
      ['meta.former?.hash === hash && ', ''],
      ["if (meta.hash !== hash) return { ...known, renewal: 'done' }", ''],
      ['now - rotatedAt >= renew', 'now - createdAt >= renew'],
      [' && now >= (former?.until ?? 0)', ''],
      ['return isUse?.() === false ? idle : touch', 'return touch'],
      [
        'const isSamePolicy = meta.idle === idle && meta.absolute === absolute',
        'const isSamePolicy = true',
      ],
      [
        'touch >= idle || (isSamePolicy && now - meta.usedAt < touch)',
        'isSamePolicy && now - meta.usedAt < touch',
      ],
      ['now - meta.usedAt < touch)) return meta', 'now - meta.usedAt <= touch)) return meta'],
      [
        'const usedAt = Math.max(meta.usedAt, now)\n  const since',
        'const usedAt = now\n  const since',
      ],
      ['{ ...meta, usedAt, idle, absolute, ...since }', '{ ...meta, usedAt, ...since }'],
      ['meta.absolute === absolute ? undefined : { absoluteSince: usedAt }', 'undefined'],
      [
        'meta.operations.slice(1 - max)',
        'meta.operations.slice(-max)',
        'One operation more is remembered.',
      ],
      ['meta.operations.slice(1 - max)', 'meta.operations.slice(-2)'],
      ['revision: nextRevision(meta), operations', 'operations'],
      ['minute === last + 1 ? during : 0', '0'],
      ['return known && { ...NOTHING, ...known[1] }', 'return known && NOTHING'],
      ['at === undefined || at + END_KNOWN_MS <= now ? ENDED', 'at === undefined ? ENDED'],
      ["typeof meta.hash === 'string' ? (meta as Meta)", 'true ? (meta as Meta)'],
    ],
  },
  {
    file: 'src/record/step.ts',
    tests: [...OBJECTS, 'test/store/user-index.test.ts', 'test/store/session-limit.test.ts'],
    changes: [
      ['if (newHash === meta.hash)', 'if (false)'],
      ['stepTo(overReply(gone, call), present)', 'stepTo(gone, present)'],
      ['present.meta.account?.userId !== userId', 'present.meta.account === undefined'],
      [
        '...over(present, now, now) }\n  const { meta }',
        '...over(present, now) }\n  const { meta }',
      ],
      ['isTold ? { idle, absolute } : meta)', 'meta)'],
      ['Math.max(expiresAt, deadlineOf(meta)) <= now', 'expiresAt <= now'],
      [
        "method !== 'create' || patch === undefined) return stepTo(ENDED",
        'patch === undefined) return stepTo(ENDED',
      ],
      ['made.reply.ok ? made : { ...made, state: undefined }', 'made'],
      ["if (gone?.gone === 'rotated') return stepTo(gone, present)", ''],
      ['account === undefined ? { ok: true } : { ok: true, account }', '{ ok: true }'],
      ['gone === undefined ? now : undefined', 'now'],
      ['if (isTombstone(meta) && meta.usedAt > now) return', 'if (false) return'],
      ['if (!mayJoin(meta, context.now)) return', 'if (false) return'],
      [
        "return gone === ENDED && method === 'write' && patch",
        "return method === 'write' && patch",
      ],
      ['if (grace !== undefined && meta.hash !== hash)', 'if (false)'],
      ['{ ...renewed, operations: [] }', 'renewed'],
      [
        ', entries: new Map() }\n      : { meta: renewed, entries }',
        ', entries }\n      : { meta: renewed, entries }',
      ],
      ['changed: isAnothers ? [...entries.keys()] : []', 'changed: []'],
      ['if (known !== undefined) return stepTo({ ok: true, ...status, ...known }, state)', ''],
      ['if (changed.length === 0) return stepTo(reply, state)', ''],
      ['revision, moved: true }', 'revision }'],
      ['former.userId !== account.userId', 'true'],
    ],
  },
  {
    file: 'src/record/regenerated.ts',
    tests: [...OBJECTS, 'test/request/renewal-and-rotation.test.ts'],
    changes: [
      [', createdAt: account.at }', ' }'],
      ['usedAt: Math.max(meta.usedAt, now)', 'usedAt: now'],
      ['rotatedAt: now,', ''],
      ['revision: nextRevision(meta),', ''],
      ['const { former: _, ...rest } = meta', 'const { ...rest } = meta'],
      ['until: now + grace', 'until: now'],
    ],
  },
  {
    file: 'src/record/difference.ts',
    tests: [...RULES, 'test/store/sizes.test.ts', 'test/request/too-large.test.ts'],
    changes: [
      ['if (expect.some(', 'if (false && expect.some('],
      ['for (const name of take) after.delete(name)', ''],
      ["if (!counts.every(isSum)) return { ok: false, why: 'not-a-number' }", ''],
      ['(name) => after.get(name) !== before.get(name)', '() => true'],
      ['name.startsWith(DATA) && !kept.has(name)', 'name.startsWith(DATA)'],
      ['name.startsWith(DATA) && !kept.has(name)', '!kept.has(name)'],
      ['const isTooMany = characters > MAX_TOTAL_CHARACTERS', 'const isTooMany = false'],
      ['.length > MAX_JSON_CHARACTERS', '.length < 0'],
    ],
  },
  {
    file: 'src/record/session-cell.ts',
    tests: ['test/store/session-cell.test.ts', ...OBJECTS],
    changes: [
      [
        "if (method !== 'destroy' && method !== 'end') return JSON",
        "if (method !== 'destroy') return JSON",
      ],
      [
        'before === after ? undefined : this.#save',
        'state === undefined ? undefined : this.#save',
        'No step leads from what is not stored to something else that is not.',
      ],
      ['if (this.deadline > now) return', 'if (false) return'],
      ['return lasting(this.#state) && this.deadline', 'return this.deadline'],
      ['return state && this.deadline\n', 'return undefined\n'],
      ["method !== 'read' || !next.reply.ok || this", 'true || this'],
      [
        'isUsual && this.#state === this.#stateOfText',
        'isUsual && this.#stateOfText !== undefined',
      ],
      ["const isUsual = !('renewal' in reply)", 'const isUsual = true'],
      [
        'if (this.#secret === secret) return this.#hash',
        "if (this.#secret !== '') return this.#hash",
      ],
      ['renew: renew === 0 ? Infinity : renew', 'renew'],
    ],
  },
]
