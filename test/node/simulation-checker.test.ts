import assert from 'node:assert/strict'
import { fileURLToPath } from 'node:url'

import { type Answered, type Entry, History, type Sight } from '../simulation/history.ts'
import { faultsOfKeys } from '../simulation/keys.ts'
import { loadLibrary } from '../simulation/library.ts'
import { faultsOfLife } from '../simulation/life.ts'
import type { Plan, Setting, Step, Work } from '../simulation/plan.ts'
import { World } from '../simulation/world.ts'
import { describe, it } from './suite.ts'

const ROOT = fileURLToPath(new URL('../..', import.meta.url))
const MINUTE = 60_000

/** A world in which nothing goes wrong by itself. */
const QUIET: Setting = {
  theme: 'anything',
  store: 'objects',
  cached: 'no',
  renewing: false,
  browsers: 1,
  isolates: 2,
  faultRate: 0,
  skew: 0,
  idleSeconds: 1800,
  isFormer: false,
}

function planOf(...steps: Step[]): Plan {
  return { seed: 1, setting: QUIET, steps }
}

function request(at: number, isolate: number, ...work: Work[]): Step {
  return { does: 'request', at, browser: 0, isolate, work }
}

async function play(plan: Plan, prepare?: (world: World) => void): Promise<readonly Entry[]> {
  const world = new World(plan, { present: (await loadLibrary(ROOT)).begin() })
  prepare?.(world)
  await world.play()
  return world.history.entries
}

describe('an operation of a request that leaves its session', () => {
  const left = planOf(
    request(0, 0, { does: 'increment', key: 'n' }),
    request(
      10_000,
      0,
      { does: 'set', key: 's' },
      { does: 'update', key: 's' },
      { does: 'clear' },
      { does: 'increment', key: 'n' },
      { does: 'set', key: 't' },
      { does: 'think', milliseconds: 20_000 },
      { does: 'signIn', user: 'ada' },
    ),
    // The token is rotated, so the other sign-in begins a new session.
    request(20_000, 1, { does: 'signIn', user: 'bob' }),
  )

  it('belongs to the session in which an awaited operation has written it', async () => {
    const entries = await play(left)
    const [first] = entries
    const own = entries.filter((entry) => entry.request === 2)
    const inFirst = own.filter(({ session }) => session === first?.session)
    assert.deepEqual(
      inFirst.map(({ does, key }) => [does, key]),
      [
        ['set', 's'],
        ['update', 's'],
        ['delete', 'n'],
        ['increment', 'n'],
      ],
    )
    const inSecond = own.filter(({ session }) => session !== first?.session)
    assert.deepEqual(
      inSecond.map(({ does, key }) => [does, key]),
      [
        ['signIn', undefined],
        ['clear', undefined],
        ['set', 't'],
      ],
    )
    assert.deepEqual(faultsOfKeys(entries), [])
  })

  it('is missed where it was, and not elsewhere', async () => {
    const entries = await play(left)
    for (const does of ['set', 'delete'] as const) {
      const without = entries.filter((entry) => entry.does !== does || entry.key === 't')
      assert.equal(faultsOfKeys(without).length, 1, does)
    }
  })

  it('may have been applied there by the first of two equal calls', async () => {
    const doubled = planOf(
      request(0, 0, { does: 'increment', key: 'n' }),
      request(10_000, 0, { does: 'increment', key: 'n' }),
      request(10_300, 1, { does: 'get', key: 'n' }),
      request(10_500, 1, { does: 'signIn', user: 'ada' }),
    )
    const entries = await play(doubled, ({ faults, time, isolates: [early] }) => {
      const begin = time.now
      const latencies: number[] = []
      faults.latency = () => latencies.shift() ?? 10
      faults.fateOfCall = () => {
        if (time.now !== begin + 10_010) return 'arrives'
        // The second call comes after the sign-in.
        latencies.push(10, 1000)
        return 'doubled'
      }
      // By this clock the rotation is long past when the request arrives, so it begins a new session.
      if (early !== undefined) early.ahead = 5 * MINUTE
    })
    const [first] = entries
    const increment = entries.find((entry) => entry.request === 2)
    assert.equal(increment?.former, first?.session)
    assert.notEqual(increment?.session, first?.session)
    assert.equal(increment?.result, '1')
    assert.equal(entries.find((entry) => entry.request === 3)?.result, '2')
    assert.deepEqual(faultsOfKeys(entries), [])
    const certain = entries.map((entry) => ({ ...entry, former: undefined }))
    assert.equal(faultsOfKeys(certain).length, 1)
  })

  it('is never applied twice there', () => {
    const entry = { ...ENTRY, does: 'increment', key: 'n', session: 'second', former: 'first' }
    const read = (result: string): Entry =>
      ({ ...ENTRY, does: 'get', key: 'n', session: 'first', start: 5, end: 6, result }) as const
    assert.deepEqual(faultsOfKeys([{ ...entry, result: '1' }, read('1')]), [])
    assert.equal(faultsOfKeys([{ ...entry, result: '1' }, read('2')]).length, 1)
  })
})

const ENTRY: Entry = {
  request: 1,
  browser: 0,
  isolate: 0,
  does: 'get',
  session: 'one',
  start: 1,
  end: 2,
  startedAt: 0,
  endedAt: 0,
  sent: 0,
  outcome: 'done',
}
const SIGHT: Sight = {
  request: 1,
  browser: 0,
  isolate: 0,
  session: 'one',
  secret: 'old',
  user: undefined,
  entries: {},
  start: 1,
  end: 2,
  startedAt: 0,
  endedAt: 0,
  mayBeOld: false,
}
const RESPONSE: Answered = {
  request: 1,
  browser: 0,
  secret: 'old',
  session: 'one',
  isLost: false,
  status: 200,
  issued: undefined,
  order: 3,
  at: 0,
  sent: 0,
  arrived: 4,
}

describe('a request on KV whose location does not return the session', () => {
  const ON_KV = { seed: 1, setting: { ...QUIET, store: 'kv' }, steps: [] } as const

  /** Returns what is wrong if the old token opens the session a long time after this request. */
  function faultsAfter(
    does: string,
    found: Partial<Sight> | undefined,
    response: Partial<Answered>,
  ): string[] {
    const history = new History()
    history.entries.push({ ...ENTRY, does })
    if (found !== undefined) history.sights.push({ ...SIGHT, ...found })
    history.sights.push({ ...SIGHT, request: 2, start: 9, startedAt: 3 * MINUTE })
    history.responses.push({ ...RESPONSE, ...response })
    return faultsOfLife(history, ON_KV)
  }

  it('ends nothing if its read found none', () => {
    assert.deepEqual(faultsAfter('regenerate', { session: undefined }, {}), [])
  })

  it('ends nothing if its write found none, and left the session', () => {
    assert.deepEqual(faultsAfter('regenerate', undefined, { session: 'two' }), [])
    assert.deepEqual(faultsAfter('signIn', {}, { session: 'two', issued: 'new' }), [])
  })

  it('ends what it found, and what it has replaced', () => {
    for (const found of [{}, undefined]) {
      assert.equal(faultsAfter('regenerate', found, {}).length, 1)
      assert.equal(faultsAfter('regenerate', found, { issued: 'new' }).length, 1)
      assert.equal(faultsAfter('destroy', found, { issued: '' }).length, 1)
    }
    const isReplaced = { issued: 'new' }
    assert.equal(faultsAfter('regenerate', { session: undefined }, isReplaced).length, 1)
  })
})
