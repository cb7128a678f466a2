import assert from 'node:assert/strict'
import { before } from 'node:test'

import { type BudgetFigures, budgetFigures } from '../../scripts/budgets/figures.ts'
import { type Imports, type Size, sizeOf } from '../../scripts/budgets/sizes.ts'
import { describe, it } from './suite.ts'

const CORE: Imports = {
  'edge-session': ['createSessions'],
  'edge-session/store/durable-object': ['durableObjectStore', 'SessionObject'],
}

/** Each optional feature: what an application imports for it, and the files that are its own. */
const FEATURES: Readonly<Record<string, { readonly imports: Imports; readonly own: RegExp }>> = {
  accounts: {
    imports: { 'edge-session/accounts': ['accounts'] },
    own: /^src\/accounts(\.ts|\/)/,
  },
  adopting: { imports: { 'edge-session/adopt': ['adopting'] }, own: /^src\/adopt(\.ts|\/)/ },
  cached: {
    imports: { 'edge-session/store/cached': ['cached'] },
    own: /^src\/store\/(cached(\.ts|\/)|kv\/)/,
  },
  checked: { imports: { 'edge-session/schema': ['checked'] }, own: /^src\/schema(\.ts|\/)/ },
  remembering: {
    imports: { 'edge-session/remember': ['remembering'] },
    own: /^src\/remember\.ts/,
  },
  once: { imports: { 'edge-session/once': ['once'] }, own: /^src\/once\.ts/ },
  bound: { imports: { 'edge-session/bound': ['bound'] }, own: /^src\/bound(\.ts|\/)/ },
  'once and its leases': {
    imports: {
      'edge-session/once': ['once'],
      'edge-session/once/leases': ['leases'],
    },
    own: /^src\/once(\.ts|\/)/,
  },
  renewing: { imports: { 'edge-session/renew': ['renewing'] }, own: /^src\/renew\.ts/ },
  serialized: {
    imports: { 'edge-session/serialize': ['serialized'] },
    own: /^src\/serialize\.ts/,
  },
  'user index': {
    imports: { 'edge-session/store/user-index': ['userIndex', 'UserObject'] },
    own: /^src\/store\/(user-index(\.ts|\/)|object\/(own-bindings|bound-objects)\.ts|kv\/)/,
  },
}

describe('the budgets that need no clock', () => {
  let figures: BudgetFigures

  before(async () => {
    figures = await budgetFigures()
  })

  it('18 files are on the path of a read, 21 on that of a write, 27 on that of a sign-in', () => {
    const { paths } = figures
    const most = { read: 18, 'read, then write': 21, 'sign-in': 27 } as const
    for (const [work, number] of Object.entries(most)) {
      const files = paths[work as keyof typeof most]
      assert.ok(files.length > 0 && files.length <= number, `${work}: ${files.join(' ')}`)
    }
  })

  it('a request that reads and writes makes 36 promises at most, and no request two timers', () => {
    const { made } = figures
    assert.ok(made['read, then write'].promises <= 36, String(made['read, then write'].promises))
    assert.ok(made['read, then write'].promises > 10)
    for (const { timers } of Object.values(made)) assert.ok(timers <= 1)
    assert.equal(made.read.timers, 1)
    assert.equal(made.anonymous.timers, 0)
  })

  it('no files import each other', () => {
    assert.deepEqual(figures.cycles, [])
  })
})

describe('what is not imported', () => {
  const names = Object.keys(FEATURES)
  const filesOf = (imports: Imports): Promise<Size> => sizeOf({ ...CORE, ...imports })

  it('costs nothing: the core has no file of any feature', async () => {
    const { files } = await filesOf({})
    for (const { own } of Object.values(FEATURES)) {
      assert.deepEqual(
        files.filter((file) => own.test(file)),
        [],
      )
    }
  })

  for (const name of names) {
    it(`costs nothing: with ${name} come its own files, and the core is as it was`, async () => {
      const { imports = {}, own = /^$/ } = FEATURES[name] ?? {}
      const [core, both] = await Promise.all([filesOf({}), filesOf(imports)])
      const added = both.files.filter((file) => !core.files.includes(file))
      assert.ok(added.length > 0)
      assert.deepEqual(
        added.filter((file) => !own.test(file) && !file.startsWith('src/codec/')),
        [],
      )
    })
  }

  it('costs nothing: every pair is as large as its parts', async () => {
    const core = (await filesOf({})).bytes
    const alone = await Promise.all(
      names.map(async (name) => (await filesOf(FEATURES[name]?.imports ?? {})).bytes - core),
    )
    for (const [place, name] of names.entries()) {
      for (const [other, otherName] of names.entries()) {
        if (other <= place) continue
        const imports = { ...FEATURES[name]?.imports, ...FEATURES[otherName]?.imports }
        // One after the other, since two cores are shared with other tests.
        // oxlint-disable-next-line no-await-in-loop
        const { bytes } = await filesOf(imports)
        const sum = core + (alone[place] ?? 0) + (alone[other] ?? 0)
        // What both share is there once; compression differs by some bytes.
        assert.ok(bytes <= sum * 1.01, `${name} and ${otherName}: ${bytes}, alone ${sum}`)
      }
    }
  })
})
