import type { MutatedFile } from './mutation.ts'

const ONCE = ['test/once/leases.test.ts', 'test/once/once.test.ts', 'test/once/release.test.ts']

/** Leases. */
export const ONCE_FILES: readonly MutatedFile[] = [
  {
    file: 'src/once/lease-step.ts',
    tests: ONCE,
    changes: [
      [
        'if (state === undefined || !reply.ok) return looked',
        'if (state === undefined) return looked',
      ],
      ['(left > 0 || hasWaited === true)', '(left > 0)'],
      ['(left > 0 || hasWaited === true)', '(left >= 0 || hasWaited === true)'],
      ['if (result === undefined && left > 0) {', 'if (result === undefined) {'],
      ["by === attempt ? answer({ lease: 'yours' })", "false ? answer({ lease: 'yours' })"],
      [
        "return hasWaited === true\n    ? answer({ lease: 'free' })",
        "return false\n    ? answer({ lease: 'free' })",
      ],
      ['time < MAX_MILLISECONDS', 'true'],
      ['keep >= 0 && lease > 0', 'lease > 0'],
      ['keep >= 0 && lease > 0', 'keep >= 0'],
      ['for (const each of old) entries.delete(each)', ''],
      ['until: now + lease', 'until: now'],
      [
        'const isMine = lease.by === attempt && lease.result === undefined',
        'const isMine = lease.result === undefined',
      ],
      [
        'const isMine = lease.by === attempt && lease.result === undefined',
        'const isMine = lease.by === attempt',
      ],
      [
        'lease.by !== attempt && outcomeOf(state.meta, patch) === undefined',
        'lease.by !== attempt',
      ],
      ['lease.by !== attempt && outcomeOf(state.meta, patch) === undefined', 'false'],
      ['until: call.context.now + keep', 'until: call.context.now'],
      ['{ ...patch, set }', '{ set, id: patch.id }'],
      ['{ reply: written.reply, ...without(state, name) }', 'written'],
    ],
  },
  {
    file: 'src/once/leases.ts',
    tests: ONCE,
    changes: [
      ['  ended(host) {\n    wake(host)', '  ended() {'],
      [
        'function released(host: CellHost, reply: string): string {\n  wake(host)',
        'function released(_host: CellHost, reply: string): string {',
      ],
      ['if (waitLeft <= 0)', 'if (false)'],
      ['if (calls.size >= MAX_WAITING)', 'if (false)'],
      ['Math.min(waitLeft, left)', 'waitLeft'],
      ['list[NOW] = Number(list[NOW]) + Date.now() - startedAt', ''],
      [', hasWaited: true }', ' }'],
      ['waiting.delete(host)', '', 'a call that was told is not in the set any more'],
    ],
  },
  {
    file: 'src/once.ts',
    tests: ONCE,
    changes: [
      ["if (session.purpose === 'speculative') {", 'if (false) {'],
      ['if (!session.canKeep) return fn()', ''],
      ['  dictionary.outdate()\n', ''],
      ['ctx?.waitUntil?.(leading.catch(() => undefined))', ''],
      ['if (isGone(reply)) throw session.lose(reply)', ''],
      [
        'await (session.pending && session.settle(session.pending))\n      const token',
        'const token',
      ],
      ['await (session.pending && session.settle(session.pending))\n      // A text', '// A text'],
      ['release(newPatch({})).then(orThrow)', 'release(newPatch({}))'],
      [
        'if (result !== undefined || running.get(session) === 1) dictionary.rollback(since)',
        'dictionary.rollback(since)',
      ],
      ['if (result !== undefined || running.get(session) === 1) dictionary.rollback(since)', ''],
      ['      await release().catch(() => undefined)\n', ''],
      ['if (result === undefined || !isStoreFailure(error)) {', 'if (true) {'],
      ["if (reply.lease !== 'free') return reply.result", 'return reply.result'],
      ['checkLeases(reply.lease, session.store)', ''],
      ['run, false, about.wait)', 'run)'],
      ['setUp: (_env, store) => checkLeases(store.part, store)', 'setUp: () => undefined'],
    ],
  },
]
