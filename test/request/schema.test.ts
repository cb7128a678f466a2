import { type } from 'arktype'
import { env } from 'cloudflare:workers'
import * as v from 'valibot'
import { describe, expect, test } from 'vitest'
import { z } from 'zod'

import type { Session, SessionEvent } from '../../src/index.ts'
import type { SessionStore } from '../../src/record/store.ts'
import { checked, type CheckedOptions, type DataSchema } from '../../src/schema.ts'
import { serialized } from '../../src/serialize.ts'
import { durableObjectStore } from '../../src/store/durable-object.ts'
import { kvStore } from '../../src/store/kv.ts'
import { memoryStore } from '../../src/store/memory.ts'
import { type App, type AppOptions, type Handler, newApp } from '../support/app.ts'
import type { Browser } from '../support/browser.ts'

type Any = Record<string, unknown>

const SCHEMAS: Record<string, DataSchema<object>> = {
  zod: z.object({
    cart: z.array(z.string()),
    visits: z.number(),
    user: z.object({ name: z.string() }),
  }),
  valibot: v.object({
    cart: v.array(v.string()),
    visits: v.number(),
    user: v.object({ name: v.string() }),
  }),
  arktype: type({ cart: 'string[]', visits: 'number', user: { name: 'string' } }),
}
const { zod: SCHEMA = z.object({}) } = SCHEMAS

/** What the tests give as it is: their dictionaries are of no one type. */
function schemaOptions(schema: DataSchema<object>, migrate?: (stored: Any) => unknown): AppOptions {
  const options = { ...(migrate && { migrate }) } as CheckedOptions<object>
  return { data: checked(schema, options) } as AppOptions
}

/** One browser before and after a deployment: an application without a schema fills the session, then one with it comes. */
interface Deployment {
  readonly app: App
  readonly browser: Browser
  readonly events: SessionEvent[]
  /** What is in the store, whatever any schema says. */
  readonly stored: () => Promise<unknown>
}

const STORES: Record<string, () => SessionStore> = {
  objects: () => durableObjectStore(env.SESSIONS),
  KV: () => kvStore(env.SESSION_KV),
  memory: () => memoryStore(),
}

async function deployment(
  data: Any,
  options: AppOptions,
  store = STORES['objects']?.(),
): Promise<Deployment> {
  if (store === undefined) throw new TypeError('no store')
  const before = newApp({ store })
  const browser = before.browser()
  before.handler = (session) => {
    for (const [key, value] of Object.entries(data)) session.set(key, value)
  }
  await browser.fetch('/')
  const app = newApp({ store, ...options })
  const after = app.browser()
  for (const [name, value] of browser.cookies) after.cookies.set(name, value)
  const stored = async (): Promise<unknown> => {
    before.handler = (session) => session.all()
    return before
      .browser()
      .copy()
      .json('/', { headers: { Cookie: after.cookieHeader() } })
  }
  return { app, browser: after, events: app.events, stored }
}

/** What a handler gives, or the error that it throws. */
function caught(handler: Handler): Handler {
  return async (session, request) => {
    try {
      return await handler(session, request)
    } catch (error) {
      return String(error)
    }
  }
}

async function run<T = unknown>({ app, browser }: Deployment, handler: Handler): Promise<T> {
  app.handler = handler
  const response = await browser.fetch('/')
  expect(response.status).toBe(200)
  return (await response.json()) as T
}

const all: Handler = (session) => session.all()

describe.for(Object.entries(SCHEMAS))('with a schema of %s', ([, schema]) => {
  test('what it lets pass is there, though a key is missing', async () => {
    const site = await deployment({ cart: ['a'], user: { name: 'ada' } }, schemaOptions(schema))
    expect(await run(site, all)).toEqual({ cart: ['a'], user: { name: 'ada' } })
    expect(site.events).toEqual([])
  })

  test('what it refuses counts as absent, is reported, and stays in the store', async () => {
    const data = { cart: 'a', visits: 3, user: { name: 7 } }
    const site = await deployment(data, schemaOptions(schema))
    expect(
      await run(site, async (session) => ({
        all: await session.all(),
        keys: await session.keys(),
        cart: await session.has('cart'),
        user: (await session.get('user')) ?? null,
      })),
    ).toEqual({ all: { visits: 3 }, keys: ['visits'], cart: false, user: null })
    const [event, ...others] = site.events
    expect(event).toMatchObject({ type: 'invalid', id: expect.stringMatching(/^[0-9a-f]{64}$/) })
    expect(event).toHaveProperty('keys', expect.arrayContaining(['cart', 'user']))
    expect(others).toEqual([])
    expect(await site.stored()).toEqual(data)
  })

  test('set refuses the same, at once, by the key', async () => {
    const site = await deployment({}, schemaOptions(schema))
    const outcome = await run<string>(
      site,
      caught((session) => session.set('user', { name: 9 })),
    )
    expect(outcome).toMatch(/^SessionError: ERR_VALUE: set\("user"\): the schema refuses/)
    expect(await site.stored()).toEqual({})
  })
})

describe('set', () => {
  test('says why in its cause, and never in the message', async () => {
    const site = await deployment({}, schemaOptions(SCHEMAS['arktype'] ?? SCHEMA))
    const outcome = await run<{ message: string; issues: number }>(site, (session) => {
      try {
        session.set('visits', 'a secret text')
        return null
      } catch (error) {
        const { message, cause } = error as Error
        return { message, issues: (cause as readonly unknown[]).length }
      }
    })
    expect(outcome.message).not.toContain('a secret text')
    expect(outcome.issues).toBe(1)
  })

  test('asks nothing of the keys that are not there', async () => {
    const site = await deployment({}, schemaOptions(SCHEMA))
    await run(site, (session) => session.set('visits', 1))
    expect(await run(site, all)).toEqual({ visits: 1 })
  })

  test('takes `__proto__` for a key like any other', async () => {
    // One of our own: zod itself passes over that key.
    const schema: DataSchema<object> = {
      '~standard': { version: 1, vendor: 'test', validate: (values) => onlyNumbers(values as Any) },
    }
    const site = await deployment({}, schemaOptions(schema))
    const outcome = await run<string>(
      site,
      caught((session) => session.set('__proto__', 'x')),
    )
    expect(outcome).toMatch('ERR_VALUE')
    await run(site, (session) => session.set('__proto__', 1))
    expect(await run(site, (session) => session.keys())).toEqual(['__proto__'])
  })
})

function onlyNumbers(
  values: Any,
): { value: Any } | { issues: { message: string; path: string[] }[] } {
  const wrong = Object.keys(values).filter((key) => typeof values[key] !== 'number')
  const issues = wrong.map((key) => ({ message: 'no number', path: [key] }))
  return issues.length === 0 ? { value: values } : { issues }
}

describe('an operation on what the schema refuses', () => {
  test('increment counts from 0', async () => {
    const site = await deployment({ visits: 'many' }, schemaOptions(SCHEMA))
    expect(await run(site, (session) => session.increment('visits', 2))).toBe(2)
    expect(await run(site, (session) => session.increment('visits'))).toBe(3)
    expect(await site.stored()).toEqual({ visits: 3 })
  })

  test('and parallel increments of it still count each', async () => {
    const site = await deployment({ visits: 'many' }, schemaOptions(SCHEMA))
    site.app.handler = (session) => session.increment('visits')
    await Promise.all(Array.from({ length: 12 }, () => site.browser.fetch('/')))
    expect(await site.stored()).toEqual({ visits: 12 })
  })

  test('but what is recorded in this request, and no number, is an error as ever', async () => {
    const site = await deployment({}, schemaOptions(z.object({ visits: z.any() })))
    const outcome = await run(
      site,
      caught(async (session) => {
        session.set('visits', 'many')
        await session.increment('visits')
      }),
    )
    expect(outcome).toMatch('ERR_VALUE: increment() needs finite numbers')
  })

  test('and a stored text that the schema lets pass is an error too', async () => {
    const site = await deployment({ visits: 'many' }, schemaOptions(z.object({ visits: z.any() })))
    const outcome = await run(
      site,
      caught((session) => session.increment('visits')),
    )
    expect(outcome).toMatch('ERR_VALUE: increment() needs finite numbers')
  })

  test('update is called with undefined, and what it gives is checked', async () => {
    const site = await deployment({ cart: 'a' }, schemaOptions(SCHEMA))
    const add = (session: Session): Promise<unknown> =>
      session.update('cart', (cart) => [...((cart as string[] | undefined) ?? []), 'b'])
    expect(await run(site, add)).toEqual(['b'])
    expect(await run(site, add)).toEqual(['b', 'b'])
    const outcome = await run(
      site,
      caught((session) => session.update('cart', () => 'c')),
    )
    expect(outcome).toMatch('ERR_VALUE: set("cart")')
    expect(await site.stored()).toEqual({ cart: ['b', 'b'] })
  })

  test('take gives undefined, and reports', async () => {
    const site = await deployment({ cart: 'a', visits: 1 }, schemaOptions(SCHEMA))
    expect(await run(site, async (session) => (await session.take('cart')) ?? null)).toBeNull()
    expect(site.events).toMatchObject([{ type: 'invalid', keys: ['cart'] }])
    expect(await run(site, (session) => session.take('visits'))).toBe(1)
  })
})

describe('the whole dictionary', () => {
  test('a key too many is refused by a schema that is strict, and by itself', async () => {
    const strict = z.strictObject({ visits: z.number() })
    const site = await deployment({ visits: 1, old: true }, schemaOptions(strict))
    expect(await run(site, all)).toEqual({ visits: 1 })
    expect(site.events).toMatchObject([{ type: 'invalid', keys: ['old'] }])
  })

  test('what does not fit together is refused as a whole', async () => {
    const range = z
      .object({ from: z.number(), to: z.number() })
      .refine(({ from, to }) => from <= to)
    const site = await deployment({ from: 5, to: 1 }, schemaOptions(range))
    expect(await run(site, all)).toEqual({})
    const right = await deployment({ from: 1, to: 5 }, schemaOptions(range))
    expect(await run(right, all)).toEqual({ from: 1, to: 5 })
  })

  test('a schema that throws refuses everything, and no request fails', async () => {
    const schema = z.object({}).superRefine(() => {
      throw new Error('a fault in the schema')
    })
    const site = await deployment({ visits: 1 }, schemaOptions(schema))
    expect(await run(site, all)).toEqual({})
    expect(site.events).toMatchObject([{ type: 'invalid', keys: ['visits'] }])
  })

  test('a value that cannot be read back is reported once, as corrupt', async () => {
    const serializer = { stringify: JSON.stringify, parse: JSON.parse }
    const store = durableObjectStore(env.SESSIONS)
    const before = newApp({ store, data: serialized(serializer) })
    const browser = before.browser()
    before.handler = (session) => {
      session.set('user', { name: 'ada' })
      session.set('visits', 1)
    }
    await browser.fetch('/')
    const app = newApp({ store, ...schemaOptions(SCHEMA) })
    const site = { app, browser: app.browser(), events: app.events, stored: async () => null }
    site.browser.cookies.set('__Host-session', browser.cookies.get('__Host-session') ?? '')
    expect(await run(site, all)).toEqual({ visits: 1 })
    expect(app.events).toMatchObject([{ type: 'corrupt' }])
  })
})

/** A session used to have a name; now it has a user. */
function toUser({ name, ...stored }: Any): Any {
  return typeof name === 'string' ? { ...stored, user: { name } } : stored
}

describe.for(Object.entries(STORES))('on %s a migration', ([where, newStore]) => {
  test.skipIf(where === 'KV')(
    'makes an older dictionary one of the present shape, once, and writes it',
    async () => {
      let runs = 0
      const options = schemaOptions(SCHEMA, (stored) => {
        runs += 1
        return toUser(stored)
      })
      const site = await deployment({ name: 'ada', visits: 2 }, options, newStore())
      expect(await run(site, all)).toEqual({ user: { name: 'ada' }, visits: 2 })
      expect(site.events).toMatchObject([{ type: 'migrated', keys: ['name', 'user'] }])
      expect(await site.stored()).toEqual({ user: { name: 'ada' }, visits: 2 })
      site.app.calls.length = 0
      expect(await run(site, all)).toEqual({ user: { name: 'ada' }, visits: 2 })
      // It is asked again, since a cart is missing, and changes nothing.
      expect(runs).toBe(2)
      expect(site.app.calls).toEqual(['read'])
      expect(site.events).toHaveLength(1)
    },
  )

  test('goes before a blind write, which it does not overwrite afterwards', async () => {
    const site = await deployment({ name: 'ada' }, schemaOptions(SCHEMA, toUser), newStore())
    await run(site, (session) => session.set('user', { name: 'eve' }))
    expect(await run(site, all)).toEqual({ user: { name: 'eve' } })
    expect(await site.stored()).toEqual({ user: { name: 'eve' } })
  })

  test('of an empty dictionary is not asked for', async () => {
    let runs = 0
    const options = schemaOptions(SCHEMA, (stored) => {
      runs += 1
      return stored
    })
    const site = await deployment({}, options, newStore())
    await run(site, (session) => session.flash('notice', 'hello'))
    expect(await run(site, all)).toEqual({})
    expect(runs).toBe(0)
  })

  test('is not asked where the dictionary is all that the schema describes', async () => {
    const whole = { cart: [], visits: 1, user: { name: 'ada' } }
    let runs = 0
    const options = schemaOptions(SCHEMA, (stored) => {
      runs += 1
      return stored
    })
    const site = await deployment(whole, options, newStore())
    expect(await run(site, all)).toEqual(whole)
    expect(runs).toBe(0)
  })

  test.for<[what: string, migrate: (stored: Any) => unknown]>([
    ['throws', () => JSON.parse('{')],
    ['rejects', async () => JSON.parse('{')],
    ['gives nothing', () => undefined],
    ['gives no dictionary', ({ visits }) => visits === 0],
    ['gives a list', () => []],
    ['gives what JSON would change', ({ visits }) => ({ visits, user: { name: new Date() } })],
    ['gives what the schema refuses', ({ visits, name }) => ({ visits, user: { name: 7 }, name })],
  ])('that %s loses nothing, and what is refused is left out', async ([what, migrate]) => {
    const data = { name: 'ada', visits: 2, cart: 'a' }
    const site = await deployment(data, schemaOptions(SCHEMA, migrate), newStore())
    expect(await run(site, (session) => session.get('visits'))).toBe(2)
    expect(await run(site, async (session) => (await session.get('user')) ?? null)).toBeNull()
    const types = site.events.map((event) => event.type)
    expect(types).toContain('invalid')
    expect(types.includes('migration-failed')).toBe(what !== 'gives nothing')
    expect(await site.stored()).toEqual(data)
  })
})

describe('on KV, which takes one write a second for a key, a migration', () => {
  const newSite = (data: Any, migrate: (stored: Any) => unknown = toUser): Promise<Deployment> =>
    deployment(data, schemaOptions(SCHEMA, migrate), kvStore(env.SESSION_KV))

  test('is shown to a request that only reads, and written with the first change', async () => {
    const site = await newSite({ name: 'ada', visits: 1 })
    site.app.calls.length = 0
    expect(await run(site, all)).toEqual({ user: { name: 'ada' }, visits: 1 })
    expect(site.app.calls).toEqual(['read'])
    expect(await site.stored()).toEqual({ name: 'ada', visits: 1 })
    expect(site.events).toEqual([])
    site.app.calls.length = 0
    await run(site, async (session) => {
      const visits = ((await session.get('visits')) as number) + 1
      session.set('visits', visits)
    })
    expect(site.app.calls).toEqual(['read', 'write'])
    expect(site.events).toMatchObject([{ type: 'migrated', keys: ['name', 'user'] }])
    expect(await site.stored()).toEqual({ user: { name: 'ada' }, visits: 2 })
  })

  test('is written once, by the first of two commits', async () => {
    const site = await newSite({ name: 'ada' })
    await run(site, async (session) => {
      session.set('user', { name: 'eve' })
      await session.commit()
      session.set('visits', 1)
    })
    expect(await site.stored()).toEqual({ user: { name: 'eve' }, visits: 1 })
    expect(site.events).toHaveLength(1)
  })

  test('is not written over a dictionary that was cleared', async () => {
    const site = await newSite({ name: 'ada' })
    await run(site, async (session) => {
      await session.get('user')
      session.clear()
      session.set('visits', 1)
    })
    expect(await site.stored()).toEqual({ visits: 1 })
  })

  test('gives another user who signs in nothing of the former one', async () => {
    const site = await newSite({ name: 'ada' })
    await run(site, (session) => session.signIn('ada'))
    await run(site, async (session) => {
      await session.get('user')
      await session.signIn('eve')
      session.set('visits', 1)
    })
    expect(await site.stored()).toEqual({ visits: 1 })
  })
})

describe('a migration', () => {
  test('comes before increment, update and take', async () => {
    const options = schemaOptions(SCHEMA, ({ count, basket, ...stored }) => ({
      ...stored,
      ...(count === undefined ? {} : { visits: Number(count) }),
      ...(basket === undefined ? {} : { cart: [basket] }),
    }))
    const counted = await deployment({ count: '41' }, options)
    expect(await run(counted, (session) => session.increment('visits'))).toBe(42)
    const updated = await deployment({ basket: 'a' }, options)
    const add = (cart: unknown): unknown => [...(cart as string[]), 'b']
    expect(await run(updated, (session) => session.update('cart', add))).toEqual(['a', 'b'])
    const taken = await deployment({ basket: 'a' }, options)
    expect(await run(taken, (session) => session.take('cart'))).toEqual(['a'])
    expect(await taken.stored()).toEqual({})
  })

  test('that overlaps others loses no update of theirs', async () => {
    const options = schemaOptions(SCHEMA, ({ count, ...stored }) =>
      count === undefined ? stored : { ...stored, visits: Number(count) },
    )
    const site = await deployment({ count: '100' }, options)
    site.app.handler = (session) => session.increment('visits')
    const responses = await Promise.all(Array.from({ length: 20 }, () => site.browser.fetch('/')))
    expect(new Set(responses.map(({ status }) => status))).toEqual(new Set([200]))
    expect(await site.stored()).toEqual({ visits: 120 })
    expect(site.events.filter((event) => event.type === 'migrated')).toHaveLength(1)
  })

  test.for<AppOptions>([{}, { cached: { maxAgeSeconds: 30 } }])(
    'gives way to what another request wrote meanwhile, with %o',
    async (cache) => {
      let meanwhile = async (): Promise<void> => undefined
      const migrate = async ({ count, ...stored }: Any): Promise<Any> => {
        const others = meanwhile
        meanwhile = async () => undefined
        await others()
        return count === undefined ? stored : { ...stored, visits: Number(count) }
      }
      const store = durableObjectStore(env.SESSIONS)
      const site = await deployment(
        { count: '100' },
        { ...schemaOptions(SCHEMA, migrate), ...cache },
        store,
      )
      // Another isolate, which knows nothing of this one's copies.
      const other = newApp({ ...schemaOptions(SCHEMA, migrate), ...cache, store })
      other.handler = (session) => session.increment('visits')
      meanwhile = async () => {
        const headers = { Cookie: site.browser.cookieHeader() }
        expect(await other.browser().json('/', { headers })).toBe(101)
      }
      expect(await run(site, all)).toEqual({ visits: 101 })
      expect(site.events).toEqual([])
      expect(await site.stored()).toEqual({ visits: 101 })
    },
  )

  test('is asked where there is more than the schema describes', async () => {
    const data = { cart: [], visits: 1, user: { name: 'ada' }, name: 'ada' }
    const site = await deployment(
      data,
      schemaOptions(SCHEMA, ({ name: _name, ...stored }) => stored),
    )
    const { name: _name, ...present } = data
    expect(await run(site, all)).toEqual(present)
    expect(await site.stored()).toEqual(present)
  })

  test('may change in place what it is given', async () => {
    const data = { cart: [], visits: '2', name: 'ada' }
    const site = await deployment(
      data,
      schemaOptions(SCHEMA, (stored) => {
        Object.assign(stored, { visits: Number(stored['visits']), user: { name: stored['name'] } })
        delete stored['name']
        return stored
      }),
    )
    const present = { cart: [], visits: 2, user: { name: 'ada' } }
    expect(await run(site, all)).toEqual(present)
    expect(site.events).toMatchObject([
      { type: 'migrated', keys: expect.arrayContaining(['visits', 'user', 'name']) },
    ])
    expect(await site.stored()).toEqual(present)
  })

  test('leaves what cannot be read back where it is', async () => {
    const serializer = { stringify: JSON.stringify, parse: JSON.parse }
    const store = durableObjectStore(env.SESSIONS)
    const before = newApp({ store, data: serialized(serializer) })
    const browser = before.browser()
    before.handler = (session) => {
      session.set('note', 'kept')
      session.set('count', 1)
    }
    await browser.fetch('/')
    const options = schemaOptions(SCHEMA, ({ count, ...stored }) => ({ ...stored, visits: count }))
    const app = newApp({ store, ...options })
    app.handler = all
    const headers = { Cookie: browser.cookieHeader() }
    expect(await app.browser().json('/', { headers })).toEqual({ visits: 1 })
    before.handler = all
    expect(await browser.json('/')).toEqual({ note: 'kept', visits: 1 })
  })

  test('leaves what the handler has recorded', async () => {
    const site = await deployment({ name: 'ada' }, schemaOptions(SCHEMA, toUser))
    const seen = await run(site, async (session) => {
      session.set('user', { name: 'eve' })
      session.set('visits', 1)
      return session.all()
    })
    expect(seen).toEqual({ user: { name: 'eve' }, visits: 1 })
    expect(await site.stored()).toEqual({ user: { name: 'eve' }, visits: 1 })
  })

  test('leaves flash messages', async () => {
    const site = await deployment({ name: 'ada' }, schemaOptions(SCHEMA, toUser))
    // Under the name of a key that goes.
    await run(site, (session) => session.flash('name', 'saved'))
    expect(await run(site, all)).toEqual({ user: { name: 'ada' } })
    expect(await run(site, (session) => session.flashes())).toEqual({ name: 'saved' })
  })

  test('works over copies that answer reads', async () => {
    const options = { ...schemaOptions(SCHEMA, toUser), cached: { maxAgeSeconds: 30 } }
    const site = await deployment({ name: 'ada' }, options)
    expect(await run(site, all)).toEqual({ user: { name: 'ada' } })
    site.app.calls.length = 0
    expect(await run(site, all)).toEqual({ user: { name: 'ada' } })
    expect(site.app.calls).toEqual([])
  })

  test('that comes after a sign-out elsewhere is a late write, and brings nothing back', async () => {
    let meanwhile = async (): Promise<unknown> => undefined
    const migrate = async (stored: Any): Promise<Any> => {
      await meanwhile()
      return toUser(stored)
    }
    const store = durableObjectStore(env.SESSIONS)
    const site = await deployment({ name: 'ada' }, schemaOptions(SCHEMA, migrate), store)
    const headers = { Cookie: site.browser.cookieHeader() }
    const other = newApp({ store })
    other.handler = (session) => session.destroy()
    meanwhile = () => other.browser().fetch('/', { headers })
    site.app.handler = all
    expect((await site.browser.fetch('/', { headers })).status).toBe(409)
    expect(site.events.map((event) => event.type)).toEqual(['late-write'])
    other.handler = all
    expect(await other.browser().json('/', { headers })).toEqual({})
  })

  test('of a session that is gone makes none', async () => {
    const site = await deployment({ name: 'ada' }, schemaOptions(SCHEMA, toUser))
    await run(site, (session) => session.destroy())
    expect(await run(site, all)).toEqual({})
    expect(site.events.map((event) => event.type)).toEqual(['destroyed'])
  })
})

test('without a migration a schema adds no store call', async () => {
  const site = await deployment({ visits: 1 }, schemaOptions(SCHEMA))
  site.app.calls.length = 0
  await run(site, (session) => session.increment('visits'))
  await run(site, all)
  expect(site.app.calls).toEqual(['write', 'read'])
})

describe('what is no schema is refused:', () => {
  test.for<[what: string, schema: unknown, options: unknown, message: string]>([
    ['an object', { cart: 'string' }, {}, 'the schema does not follow Standard Schema'],
    ['null', null, {}, 'the schema does not follow Standard Schema'],
    ['nothing', undefined, {}, 'the schema does not follow Standard Schema'],
    [
      'a migration without one',
      undefined,
      { migrate: () => ({}) },
      'the schema does not follow Standard Schema',
    ],
    ['a migration of text', SCHEMA, { migrate: 'x' }, 'migrate is not a function'],
    ['a codec that is none', SCHEMA, { codec: { stringify: String } }, 'codec is not a codec'],
    ['a codec of null', SCHEMA, { codec: null }, 'codec is not a codec'],
  ])('%s', ([, schema, options, message]) => {
    expect(() => checked(schema as DataSchema<object>, options as CheckedOptions<object>)).toThrow(
      expect.objectContaining({ code: 'ERR_OPTION', message: expect.stringContaining(message) }),
    )
  })

  test('one that has to be awaited, by set; what is stored counts as absent', async () => {
    const schema = z.object({ visits: z.number() }).refine(async () => true)
    const site = await deployment({ visits: 1 }, schemaOptions(schema))
    const set = caught((session) => session.set('visits', 1))
    expect(await run(site, set)).toMatch('ERR_OPTION: schema validates asynchronously')
    expect(await run(site, all)).toEqual({})
    expect(site.events).toMatchObject([{ type: 'invalid', keys: ['visits'] }])
  })
})
