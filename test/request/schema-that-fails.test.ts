import { env } from 'cloudflare:workers'
import { describe, expect, test } from 'vitest'

import { SessionError } from '../../src/index.ts'
import { checked, type DataSchema } from '../../src/schema.ts'
import { durableObjectStore } from '../../src/store/durable-object.ts'
import { type App, type AppOptions, type Handler, newApp } from '../support/app.ts'
import type { Browser } from '../support/browser.ts'

const WORDS = 'the value is my-secret-value'

type Validate = DataSchema['~standard']['validate']

/** Schemas that give no verdict, each in its own way. */
const FAILING: Record<string, Validate> = {
  'throws an error': () => {
    throw new RangeError(WORDS)
  },
  'throws undefined': () => {
    // oxlint-disable-next-line typescript/only-throw-error
    throw undefined
  },
  'returns nothing': () => undefined as never,
  'returns issues that are no list': () => ({ issues: WORDS }) as never,
}
const ASYNC: Record<string, Validate> = {
  'is asynchronous': async (value) => ({ value }),
  'is asynchronous and rejects': async () => {
    throw new RangeError(WORDS)
  },
  // oxlint-disable-next-line unicorn/no-thenable
  'returns a promise of its own kind': () => ({ then: () => undefined }) as never,
}

/** An application whose stored `state` is older than its schema, and its visitor. */
async function siteOf(validate: Validate): Promise<{ app: App; browser: Browser }> {
  const store = durableObjectStore(env.SESSIONS)
  const before = newApp({ store })
  const browser = before.browser()
  before.handler = (session) => session.set('state', 'my-secret-value')
  await browser.fetch('/')
  const schema: DataSchema<object> = { '~standard': { version: 1, vendor: 'own', validate } }
  const app = newApp({ store, data: checked(schema) } as AppOptions)
  const after = app.browser()
  for (const [name, value] of browser.cookies) after.cookies.set(name, value)
  return { app, browser: after }
}

/** Runs a handler, and returns the error that it throws. */
async function faultOf(validate: Validate, handler: Handler): Promise<unknown> {
  const { app, browser } = await siteOf(validate)
  app.handler = handler
  return browser.fetch('/').then(
    () => undefined,
    (error: unknown) => error,
  )
}

describe.for(Object.entries(FAILING))('a schema that %s', ([, validate]) => {
  test.for<[name: string, handler: Handler]>([
    ['set', (session) => session.set('state', 'my-secret-value')],
    ['update', (session) => session.update('state', () => 'my-secret-value')],
  ])('is an ERR_VALUE of %s without its own words', async ([, handler]) => {
    const fault = await faultOf(validate, handler)
    expect(fault).toBeInstanceOf(SessionError)
    const { code, message, cause } = fault as SessionError
    expect(code).toBe('ERR_VALUE')
    expect(message).not.toContain('secret')
    expect(cause).toBeDefined()
  })
})

describe.for(Object.entries({ ...FAILING, ...ASYNC }))('a schema that %s', ([, validate]) => {
  test('fails no take: the value counts as absent, and is reported', async () => {
    const { app, browser } = await siteOf(validate)
    app.handler = async (session) => (await session.take('state')) ?? null
    expect(await browser.json('/')).toBe(null)
    expect(app.events).toContainEqual(expect.objectContaining({ type: 'invalid', keys: ['state'] }))
  })

  test('fails no read', async () => {
    const { app, browser } = await siteOf(validate)
    app.handler = async (session) => [await session.all(), await session.keys()]
    expect(await browser.json('/')).toEqual([{}, []])
  })
})

test.for(Object.entries(ASYNC))(
  'a schema that %s is an ERR_OPTION of a write',
  async ([, validate]) => {
    const fault = await faultOf(validate, (session) => session.set('state', 'x'))
    expect(fault).toMatchObject({ code: 'ERR_OPTION' })
    expect((fault as SessionError).message).toContain('validates asynchronously')
  },
)
