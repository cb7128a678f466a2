import { describe, expect, test } from 'vitest'

import { memoryStore } from '../../src/store/memory.ts'
import { type AppSession, newApp } from '../support/app.ts'

/** Runs a handler as the request of a visitor with these values; its result, and all values afterwards. */
async function inRequest(
  data: Record<string, unknown>,
  handler: (session: AppSession) => unknown,
): Promise<{ readonly result: unknown; readonly stored: unknown }> {
  const app = newApp({ store: memoryStore() })
  const browser = app.browser()
  app.handler = (session) => {
    for (const [key, value] of Object.entries(data)) session.set(key, value)
  }
  await browser.fetch('/')
  app.handler = handler
  const result = await (await browser.fetch('/')).json()
  app.handler = (session) => session.all()
  return { result, stored: await (await browser.fetch('/')).json() }
}

const codeOf = (error: unknown): unknown => Object(error).code

describe('an update of a recorded value', () => {
  /** Counts the runs of an update whose function does something to its own key. */
  async function runsOf(
    meanwhile: (session: AppSession, run: number) => unknown,
  ): Promise<{ readonly runs: number; readonly outcome: unknown; readonly stored: unknown }> {
    let runs = 0
    const { result, stored } = await inRequest({ a: 1 }, async (session) => {
      session.set('n', 0)
      const updating = session.update('n', async (n = 0) => {
        runs += 1
        if (runs > 1000) throw new Error('It does not end.')
        await meanwhile(session, runs)
        return Number(n) + 100
      })
      return updating.catch((error: unknown) => codeOf(error) ?? String(error))
    })
    return { runs, outcome: result, stored }
  }

  test('whose function sets its key anew each time ends in ERR_CONFLICT after 100 runs', async () => {
    const { runs, outcome, stored } = await runsOf((session, run) => session.set('n', run))
    expect({ runs, outcome }).toEqual({ runs: 100, outcome: 'ERR_CONFLICT' })
    expect(stored).toEqual({ a: 1, n: 100 })
  })

  test('whose function sets its key once runs on what it set', async () => {
    const seen = await runsOf((session, run) => {
      if (run === 1) session.set('n', 5)
    })
    expect(seen).toEqual({ runs: 2, outcome: 105, stored: { a: 1, n: 105 } })
  })

  test('whose function counts on its key ends in ERR_CONFLICT after 100 runs', async () => {
    const { runs, outcome, stored } = await runsOf((session) => session.increment('n'))
    expect({ runs, outcome }).toEqual({ runs: 100, outcome: 'ERR_CONFLICT' })
    expect(stored).toEqual({ a: 1, n: 100 })
  })

  test('whose function takes its key runs on nothing', async () => {
    const seen = await runsOf((session) => session.take('n'))
    expect(seen).toEqual({ runs: 2, outcome: 100, stored: { a: 1, n: 100 } })
  })

  test('whose function clears the session runs on nothing, and stays', async () => {
    const seen = await runsOf((session) => session.clear())
    expect(seen).toEqual({ runs: 2, outcome: 100, stored: { n: 100 } })
  })

  test('whose function deletes its key runs on nothing', async () => {
    const seen = await runsOf((session) => session.delete('n'))
    expect(seen).toEqual({ runs: 2, outcome: 100, stored: { a: 1, n: 100 } })
  })

  test('ends in ERR_CONFLICT while something else goes on setting its key', async () => {
    let runs = 0
    const { result, stored } = await inRequest({}, async (session) => {
      session.set('n', 0)
      // Once in each run, however fast or busy the machine is.
      let turn = Promise.withResolvers<boolean>()
      let isSet = Promise.withResolvers<undefined>()
      const setting = (async () => {
        // oxlint-disable-next-line no-await-in-loop
        while (await turn.promise) {
          turn = Promise.withResolvers()
          session.set('n', runs)
          isSet.resolve(undefined)
        }
      })()
      const updating = session.update('n', async (n) => {
        runs += 1
        isSet = Promise.withResolvers()
        turn.resolve(true)
        await isSet.promise
        return n
      })
      const code = await updating.catch(codeOf)
      turn.resolve(false)
      await setting
      session.set('n', 'last')
      return code
    })
    expect([result, runs]).toEqual(['ERR_CONFLICT', 100])
    expect(stored).toEqual({ n: 'last' })
  })
})

test('an update of a stored value whose function counts on its key ends in ERR_CONFLICT', async () => {
  let runs = 0
  const { result } = await inRequest({ n: 0 }, async (session) => {
    const updating = session.update('n', async () => {
      runs += 1
      await session.increment('n')
      return -1
    })
    return updating.catch(codeOf)
  })
  expect({ runs, result }).toEqual({ runs: 100, result: 'ERR_CONFLICT' })
})

describe.for([
  ['recorded', (session: AppSession, n: number) => session.set('n', n)],
  ['stored', () => undefined],
] as const)('a count on a %s value', ([, record]) => {
  const MAX = Number.MAX_SAFE_INTEGER

  test.for([
    [MAX, 1],
    [-MAX, -1],
    [MAX - 1, 1.5],
    [2 ** 53, 1],
    [1, Infinity],
    [1, Number.NaN],
  ] as const)('is refused past 2^53 - 1, either way: %d + %d', async ([n, by]) => {
    const { result, stored } = await inRequest({ n }, (session) => {
      record(session, n)
      return session.increment('n', by).catch(codeOf)
    })
    expect({ result, stored }).toEqual({ result: 'ERR_VALUE', stored: { n } })
  })

  test.for([
    [MAX - 1, 1, MAX],
    [1 - MAX, -1, -MAX],
    [2 ** 53, -1, MAX],
    [0.5, 0.25, 0.75],
  ] as const)('is right up to there: %d + %d', async ([n, by, sum]) => {
    const { result, stored } = await inRequest({ n }, (session) => {
      record(session, n)
      return session.increment('n', by)
    })
    expect({ result, stored }).toEqual({ result: sum, stored: { n: sum } })
  })
})
