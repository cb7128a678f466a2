import { describe, expect, test } from 'vitest'

import { checked } from '../../src/schema.ts'
import { memoryStore } from '../../src/store/memory.ts'
import { type App, type AppOptions, type AppSession, newApp } from '../support/app.ts'
import { type LossyStore, lossyStore } from '../support/lossy-store.ts'

interface Outcome {
  /** What the handler of the request returned. */
  readonly result: unknown
  /** All values after the request. */
  readonly stored: unknown
}

/** Runs a handler as a request of a visitor who has stored `{ a: 1 }`. */
async function inRequest(
  handler: (session: AppSession, lossy: LossyStore) => unknown,
  options: AppOptions = {},
): Promise<Outcome> {
  const lossy = lossyStore(memoryStore())
  const app: App = newApp({ ...options, store: lossy.store })
  const browser = app.browser()
  const run = async (next: App['handler']): Promise<unknown> => {
    app.handler = next
    return (await browser.fetch('/')).json()
  }
  await run((session) => session.set('a', 1))
  const result = await run((session) => handler(session, lossy))
  return { result, stored: await run((session) => session.all()) }
}

const codeOf = (error: unknown): unknown => Object(error).code

/** What is recorded while a commit of `a: 2` is under way, and what the session is afterwards. */
const RECORDED: readonly (readonly [
  name: string,
  record: (session: AppSession) => void,
  after: object,
])[] = [
  ['a set of the same key', (session) => session.set('a', 3), { a: 3 }],
  ['a set of another key', (session) => session.set('b', 3), { a: 2, b: 3 }],
  ['a deletion', (session) => session.delete('a'), {}],
  ['a clear', (session) => session.clear(), {}],
]

/** Data that is checked and migrated is read before it is written. */
const MIGRATING: AppOptions = {
  data: checked(
    { '~standard': { version: 1, vendor: 'own', validate: (value) => ({ value: Object(value) }) } },
    { migrate: (stored) => stored },
  ),
}

describe.for([
  ['is under way', {}],
  ['reads the session first', MIGRATING],
] as const)('while a commit %s', ([, options]) => {
  test.for(RECORDED)('%s is seen at once, and is written', async ([, record, after]) => {
    const { result, stored } = await inRequest(async (session) => {
      session.set('a', 2)
      const committing = session.commit()
      record(session)
      const seen = await session.all()
      await committing
      return [seen, await session.all()]
    }, options)
    expect(result).toEqual([after, after])
    expect(stored).toEqual(after)
  })

  test('of a clear, another clear drops what the first one wrote', async () => {
    const { result, stored } = await inRequest(async (session) => {
      session.clear()
      session.set('b', 1)
      const committing = session.commit()
      session.clear()
      await committing
      return session.all()
    }, options)
    expect(result).toEqual({})
    expect(stored).toEqual({})
  })
})

describe('while a commit is under way', () => {
  test.for(
    RECORDED.flatMap(([name, record, after]) =>
      (['drops', 'losses'] as const).map((kind) => [name, kind, record, after] as const),
    ),
  )('that fails, %s is written in its place (%s)', async ([, kind, record, after]) => {
    const { result, stored } = await inRequest(async (session, lossy) => {
      session.set('a', 2)
      lossy[kind] = 1
      const committing = session.commit().catch(codeOf)
      record(session)
      const code = await committing
      const seen = await session.all()
      await session.commit()
      return [code, seen, await session.all()]
    })
    expect(result).toEqual(['ERR_STORE', after, after])
    expect(stored).toEqual(after)
  })

  test.for(['drops', 'losses'] as const)(
    'that fails, nothing is written twice or lost where the handler does not commit again (%s)',
    async (kind) => {
      const { result, stored } = await inRequest(async (session, lossy) => {
        session.set('a', 2)
        session.set('b', 2)
        lossy[kind] = 1
        const committing = session.commit().catch(codeOf)
        session.set('a', 3)
        return committing
      })
      expect(result).toBe('ERR_STORE')
      expect(stored).toEqual({ a: 3, b: 2 })
    },
  )

  test.for(['drops', 'losses'] as const)(
    'of a clear that fails, another clear drops all the same (%s)',
    async (kind) => {
      const { result, stored } = await inRequest(async (session, lossy) => {
        session.clear()
        session.set('b', 1)
        lossy[kind] = 1
        const committing = session.commit().catch(codeOf)
        session.clear()
        session.set('c', 1)
        return [await committing, await session.all()]
      })
      expect(result).toEqual(['ERR_STORE', { c: 1 }])
      expect(stored).toEqual({ c: 1 })
    },
  )
})
