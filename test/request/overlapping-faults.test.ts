import { env } from 'cloudflare:workers'
import { describe, expect, test } from 'vitest'

import { accounts } from '../../src/accounts.ts'
import type { SessionEnv } from '../../src/adapter/hono.ts'
import {
  createSessions,
  type Feature,
  type SessionEvent,
  type SessionStore,
} from '../../src/index.ts'
import { checked } from '../../src/schema.ts'
import { serialized } from '../../src/serialize.ts'
import type { DataCodec } from '../../src/session/codec.ts'
import { json } from '../../src/session/json.ts'
import { cached } from '../../src/store/cached.ts'
import { kvStore, type SessionKvNamespace } from '../../src/store/kv.ts'
import { memoryStore } from '../../src/store/memory.ts'
import { newApp } from '../support/app.ts'
import { Browser } from '../support/browser.ts'

const CONTEXT = { waitUntil: () => undefined, passThroughOnException: () => undefined }
const SECRETS = [env.SESSION_SECRET] as const

/** A promise, and the function that resolves it. */
function gate(): { readonly open: () => void; readonly opened: Promise<void> } {
  let open = (): void => undefined
  const opened = new Promise<void>((resolve) => {
    open = resolve
  })
  return { open: () => open(), opened }
}

describe('on KV, a write that follows a read', () => {
  /** A front and a Worker behind it, each with a store of its own over one namespace. */
  function newPair() {
    const layer = () =>
      createSessions({ secrets: SECRETS, store: kvStore(env.SESSION_KV), use: [accounts()] })
    const [front, back] = [layer(), layer()]
    type Handler = Parameters<(typeof front)['run']>[2]
    const work = { outer: (() => 'ok') as Handler, inner: (() => 'ok') as Handler }
    const fetch = front.withSession(async (request) => {
      await request.session.load()
      if (!request.url.endsWith('/both')) return (await work.outer(request.session)) ?? null
      const copy = new Request(request)
      const response = await back.run(
        copy,
        env,
        async (session) => (await work.inner(session)) ?? 1,
      )
      await work.outer(request.session)
      return response
    })
    return { work, browser: new Browser((request) => fetch(request, {}, CONTEXT)) }
  }

  test.for(['signOut', 'signIn'] as const)('is refused after a %s behind it', async (end) => {
    const { work, browser } = newPair()
    work.outer = (session) => session.signIn('ada')
    await browser.fetch('/')
    const stolen = browser.copy()
    work.inner = (session) => (end === 'signOut' ? session.signOut() : session.signIn('bob'))
    work.outer = (session) => session.set('seen', 1)
    expect((await browser.fetch('/both')).status).toBe(409)
    work.outer = (session) => session.userId ?? null
    expect(await stolen.json('/')).toBe(null)
  })

  test('keeps what a Worker behind it has written since', async () => {
    const { work, browser } = newPair()
    work.outer = (session) => session.set('n', 1)
    await browser.fetch('/')
    work.inner = (session) => session.set('inner', 1)
    work.outer = (session) => session.set('outer', 1)
    await browser.fetch('/both')
    work.outer = (session) => session.all()
    expect(await browser.json('/')).toEqual({ n: 1, inner: 1, outer: 1 })
  })

  test.for(['destroy', 'regenerate'] as const)(
    'is refused after an end that was under way when it read, and has come since: %s',
    async (end) => {
      const { open, opened } = gate()
      const underWay = gate()
      let isSlow = false
      const kv: SessionKvNamespace = {
        get: (key, options) => env.SESSION_KV.get(key, options),
        put: async (key, value, options) => {
          if (isSlow) {
            underWay.open()
            await opened
          }
          await env.SESSION_KV.put(key, value, options)
        },
        delete: (key) => env.SESSION_KV.delete(key),
      }
      const app = newApp({ store: kvStore(kv) })
      const browser = app.browser()
      app.handler = (session) => session.set('n', 1)
      await browser.fetch('/')
      const [ending, late, stolen] = [browser.copy(), browser.copy(), browser.copy()]
      let ended: Promise<Response> | undefined
      app.handler = async (session, request) => {
        if (request.url.endsWith('/end')) return session[end]()
        await session.get('n')
        open()
        await ended
        return session.set('late', 1)
      }
      isSlow = true
      ended = ending.fetch('/end')
      await underWay.opened
      expect((await late.fetch('/late')).status).toBe(409)
      app.handler = (session) => session.all()
      expect(await stolen.json('/')).toEqual({})
    },
  )
})

describe('the time limit of a store that hangs', () => {
  function newHanging() {
    const memory = memoryStore()
    let isHanging = false
    const hang = (): Promise<never> => new Promise(() => undefined)
    const store: SessionStore = {
      ...memory,
      read: (...call) => (isHanging ? hang() : memory.read(...call)),
    }
    const sessions = createSessions({ secrets: SECRETS, store, storeTimeout: 0.1 })
    // On a busy machine, a call that is answered may take longer.
    const patient = createSessions({ secrets: SECRETS, store, storeTimeout: 60 })
    const begin = async (): Promise<Request> => {
      const made = await patient.run(new Request('https://app.example/'), env, (session) => {
        session.set('n', 1)
        return 'made'
      })
      const cookie = made.headers.getSetCookie()[0]?.split(';')[0] ?? ''
      isHanging = true
      return new Request('https://app.example/', { headers: { cookie } })
    }
    return { sessions, begin }
  }

  test('holds for a read that an earlier handler has begun and left', async () => {
    const { sessions, begin } = newHanging()
    const request = await begin()
    const first = sessions.withSession(({ session }) => {
      session.load().catch(() => undefined)
      return undefined
    })
    const second = sessions.withSession(async ({ session }) => (await session.get('n')) ?? null)
    await first(request, env, CONTEXT)
    const response = await second(request, env, CONTEXT)
    expect(response.status).toBe(503)
  })

  test('holds for a read that is streamed after the response', async () => {
    const { sessions, begin } = newHanging()
    let reading: Promise<unknown> | undefined
    await sessions.run(await begin(), env, (session) => {
      reading = session.get('n')
      return 'streams'
    })
    await expect(reading).rejects.toThrow('ERR_STORE')
  })
})

describe('open() at the same time', () => {
  test('gives one session to an isolate that is warm', async () => {
    const sessions = createSessions({ secrets: SECRETS, store: memoryStore() })
    await sessions.open(new Request('https://app.example/'), env)
    const request = new Request('https://app.example/')
    const [one, other] = await Promise.all([
      sessions.open(request, env),
      sessions.open(request, env),
    ])
    expect(one).toBe(other)
  })
})

describe('an isolate that has rested through a rotation', () => {
  const [A, B] = ['a'.repeat(40), 'b'.repeat(40)]

  function newIsolates() {
    const clock = { now: Date.now() }
    const held: { secrets: readonly [string, ...string[]] } = { secrets: [A] }
    const store = memoryStore()
    const events: SessionEvent[] = []
    const isolate = () =>
      createSessions({
        secrets: async () => held.secrets,
        store,
        absoluteTimeout: 86_400,
        idleTimeout: 86_400,
        now: () => clock.now,
        onEvent: (event) => void events.push(event),
      })
    return { clock, held, events, one: isolate(), other: isolate() }
  }

  const requestWith = (cookie = ''): Request =>
    new Request('https://app.example/', { headers: { cookie } })

  /** Minutes in which the next step is known to nobody that rests; in the latter a request has to wait for it. */
  test.for([6, 20])(
    'takes a token that another one signed with the next secret: %i minutes',
    async (minutes) => {
      const { clock, held, events, one, other } = newIsolates()
      const ctx = { waitUntil: () => undefined }
      await one.run(requestWith(), env, () => 'warm', ctx)
      held.secrets = [B, A]
      clock.now += minutes * 60_000
      const made = await other.run(requestWith(), env, (session) => {
        session.set('n', 1)
        return 'made'
      })
      const cookie = made.headers.getSetCookie()[0]?.split(';')[0]
      const read = await one.run(requestWith(cookie), env, async (session) => session.get('n'), ctx)
      expect(await read.json()).toBe(1)
      expect(events.filter(({ type }) => type === 'refused')).toEqual([])
    },
  )

  test('does not take a retired one after a long rest', async () => {
    const { clock, held, one } = newIsolates()
    const ctx = { waitUntil: () => undefined }
    const made = await one.run(requestWith(), env, (session) => {
      session.set('n', 1)
      return 'made'
    })
    const cookie = made.headers.getSetCookie()[0]?.split(';')[0]
    held.secrets = [B]
    clock.now += 3_600_000
    const read = await one.run(requestWith(cookie), env, (session) => session.all(), ctx)
    expect(await read.json()).toEqual({})
  })

  test('reads them again after its clock has jumped back', async () => {
    const { clock, held, one } = newIsolates()
    const made = await one.run(requestWith(), env, (session) => {
      session.set('n', 1)
      return 'made'
    })
    const cookie = made.headers.getSetCookie()[0]?.split(';')[0]
    clock.now += 86_000_000
    await one.run(requestWith(), env, () => 'ahead')
    clock.now -= 86_000_000
    held.secrets = [B]
    const read = await one.run(requestWith(cookie), env, (session) => session.all())
    expect(await read.json()).toEqual({})
  })

  test('goes on with the former keys where the secrets hang', async () => {
    const clock = { now: Date.now() }
    let isHanging = false
    const events: string[] = []
    const sessions = createSessions({
      secrets: () => (isHanging ? new Promise<never>(() => undefined) : SECRETS),
      store: memoryStore(),
      storeTimeout: 0.1,
      now: () => clock.now,
      onEvent: ({ type }) => void events.push(type),
    })
    await sessions.open(requestWith(), env)
    isHanging = true
    clock.now += 400_000
    await sessions.open(requestWith(), env)
    expect(events).toEqual(['secrets-failed'])
  })
})

describe('a store that depends on env', () => {
  test.for<[string, (stores: Map<object, SessionStore>) => (env: object) => SessionStore]>([
    [
      'a default parameter',
      (stores) =>
        // The default is what is tested: a function with one counts no parameter.
        // oxlint-disable-next-line typescript/no-useless-default-assignment
        (given = {}) =>
          stores.get(given) ?? memoryStore(),
    ],
    [
      'a rest parameter',
      (stores) =>
        (...all) =>
          stores.get(all[0]) ?? memoryStore(),
    ],
  ])('is asked for with each env: %s', async ([, make]) => {
    const [one, two] = [{}, {}]
    const stores = new Map<object, SessionStore>([
      [one, memoryStore()],
      [two, memoryStore()],
    ])
    const sessions = createSessions({ secrets: SECRETS, store: make(stores) })
    const made = await sessions.run(new Request('https://app.example/'), one, (session) => {
      session.set('n', 1)
      return 'made'
    })
    const cookie = made.headers.getSetCookie()[0]?.split(';')[0] ?? ''
    const request = (): Request => new Request('https://app.example/', { headers: { cookie } })
    const read = (own: object) => sessions.run(request(), own, (session) => session.all())
    expect(await (await read(one)).json()).toEqual({ n: 1 })
    expect(await (await read(two)).json()).toEqual({})
  })
})

test('clear() takes along what an increment is about to write', async () => {
  const app = newApp({ store: memoryStore() })
  const browser = app.browser()
  app.handler = (session) => session.set('n', 5)
  await browser.fetch('/')
  app.handler = async (session) => {
    const counting = session.increment('n')
    session.clear()
    await counting
  }
  await browser.fetch('/')
  app.handler = (session) => session.all()
  expect(await browser.json('/')).toEqual({})
})

describe('objects of classes', () => {
  test('are codecs below a schema', async () => {
    class Codec implements DataCodec {
      readonly codec = 'own'
      readonly #json = json()
      encode(key: string, value: unknown): string {
        return this.#json.encode(key, value)
      }
      decode(text: string): unknown {
        return this.#json.decode(text)
      }
    }
    const schema = {
      '~standard': {
        version: 1 as const,
        vendor: 'test',
        validate: (value: unknown) => ({ value: value as { n?: number } }),
      },
    }
    const app = newApp({ store: memoryStore(), data: checked(schema, { codec: new Codec() }) })
    const browser = app.browser()
    app.handler = (session) => session.set('n', 1)
    await browser.fetch('/')
    app.handler = (session) => session.all()
    expect(await browser.json('/')).toEqual({ n: 1 })
  })

  test('are stores below copies', async () => {
    const memory = memoryStore()
    class Store implements SessionStore {
      readonly name = 'own'
      readonly can = { ...memory.can, adopt: false, address: false }
      newHandle = (): string => memory.newHandle()
      idOf(handle: string): string {
        return memory.idOf(handle)
      }
      create(...call: Parameters<SessionStore['create']>) {
        return memory.create(...call)
      }
      read(...call: Parameters<SessionStore['read']>) {
        return memory.read(...call)
      }
      write(...call: Parameters<SessionStore['write']>) {
        return memory.write(...call)
      }
      regenerate(...call: Parameters<SessionStore['regenerate']>) {
        return memory.regenerate(...call)
      }
      destroy(...call: Parameters<SessionStore['destroy']>) {
        return memory.destroy(...call)
      }
    }
    const app = newApp({ store: cached(new Store(), { maxAgeSeconds: 30 }) })
    const browser = app.browser()
    app.handler = (session) => session.increment('n')
    expect(await browser.json('/')).toBe(1)
    expect(await browser.json('/')).toBe(2)
  })
})

test('run() refuses a handler that returns nothing, and writes nothing', async () => {
  const sessions = createSessions({ secrets: SECRETS, store: memoryStore() })
  const running = sessions.run(new Request('https://app.example/'), env, (session) => {
    session.set('n', 1)
  })
  await expect(running).rejects.toThrow('ERR_OPTION: run(): the handler returned nothing')
})

describe('a feature that adds what is there already is refused', () => {
  test.for<[string, Feature]>([
    ['session.get', { feature: 'own', methods: { get: () => 'mine' } }],
    ['sessions.withSession', { feature: 'own', more: () => ({ withSession: () => 'mine' }) }],
    ['session.signIn', { feature: 'own', methods: { signIn: () => 'mine' } }],
  ])('%s', ([name, feature]) => {
    const make = () =>
      createSessions({ secrets: SECRETS, store: memoryStore(), use: [accounts(), feature] })
    expect(make).toThrow(`ERR_OPTION: A feature in use adds ${name}, which exists already.`)
  })
})

test('a value changed in place does not take the place of an error that a framework has answered', async () => {
  const { Hono } = await import('hono')
  const { HTTPException } = await import('hono/http-exception')
  const { sessionMiddleware } = await import('../../src/adapter/hono.ts')
  const codec = {
    stringify: (value: unknown) => JSON.stringify([...(value as Map<1, 1>)]),
    parse: (text: string) => new Map<1, 1>(JSON.parse(text) as [1, 1][]),
  }
  const sessions = createSessions({
    secrets: SECRETS,
    store: memoryStore(),
    data: serialized<{ map: Map<number, number> }>(codec),
  })
  const app = new Hono<SessionEnv<typeof sessions>>()
  app.use(sessionMiddleware(sessions))
  app.get('/begin', (c) => {
    c.var.session.set('map', new Map())
    return c.text('made')
  })
  app.get('/wrong', async (c) => {
    const map = (await c.var.session.get('map')) as Map<number, number>
    map.set(1, 1)
    throw new HTTPException(404)
  })
  const browser = new Browser(async (request) => app.fetch(request))
  await browser.fetch('/begin')
  expect((await browser.fetch('/wrong')).status).toBe(404)
})
