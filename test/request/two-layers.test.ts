import { env } from 'cloudflare:workers'
import { describe, expect, test } from 'vitest'

import { type AccountMethods, accounts } from '../../src/accounts.ts'
import {
  createSessions,
  type Session,
  type SessionEvent,
  type SessionStore,
} from '../../src/index.ts'
import { durableObjectStore } from '../../src/store/durable-object.ts'
import { kvStore } from '../../src/store/kv.ts'
import { memoryStore } from '../../src/store/memory.ts'
import type { Clock } from '../support/app.ts'
import { Browser } from '../support/browser.ts'
import { StaleKv } from '../support/stale-kv.ts'

type AppSession = Session & AccountMethods
type Inner = (session: AppSession) => unknown
type Outer = (session: AppSession, behind: () => Promise<Response>) => unknown

const CONTEXT = { waitUntil: () => undefined, passThroughOnException: () => undefined }
const STORES = [
  ['objects', () => durableObjectStore(env.SESSIONS)],
  ['memory', () => memoryStore()],
  ['KV, one write a second for a key', kvOf],
] as const

function kvOf(clock: Clock): SessionStore {
  return kvStore(new StaleKv(() => clock.now).location())
}

/**
 * A front Worker and the Worker behind it, with sessions of one cookie: the request is copied on its way, so that the two
 * know nothing of each other but what the response says.
 */
function newPair(
  newStore: (clock: Clock) => SessionStore = () => durableObjectStore(env.SESSIONS),
  idleTimeout = 1800,
) {
  const clock = { now: Date.now() }
  const store = newStore(clock)
  const events: SessionEvent[] = []
  const layer = () =>
    createSessions({
      secrets: [env.SESSION_SECRET],
      store,
      idleTimeout,
      use: [accounts()],
      now: () => clock.now,
      onEvent: (event) => void events.push(event),
    })
  const [front, back] = [layer(), layer()]
  const pair = {
    clock,
    events,
    inner: (() => undefined) as Inner,
    outer: ((_, behind) => behind()) as Outer,
  }
  const behind = back.withSession(async ({ session }) => (await pair.inner(session)) ?? null)
  const fetch = front.withSession(async (request) => {
    const result = pair.outer(request.session, () => behind(new Request(request), {}, CONTEXT))
    return (await result) ?? null
  })
  const browser = new Browser((request) => fetch(request, {}, CONTEXT))
  const visit = async (outer: Outer, inner: Inner = () => undefined): Promise<Response> => {
    Object.assign(pair, { outer, inner })
    // A browser takes its time.
    clock.now += 1000
    return browser.fetch('/')
  }
  /** What a plain request of the same browser finds. */
  const found = async (): Promise<unknown> => {
    const response = await visit(async (session) => {
      const all = await session.all()
      return { user: session.userId ?? null, ...all }
    })
    return response.json()
  }
  return { ...pair, browser, visit, found }
}

describe.for(STORES)('a front Worker and one behind it, over %s:', ([, newStore]) => {
  const isKv = newStore === kvOf

  test('a sign-in behind a front that only reads stays, though its own cookie was due', async () => {
    const { visit, found, clock } = newPair(newStore)
    await visit((session) => session.set('cart', 'a'))
    clock.now += 1_000_000
    const response = await visit(
      async (session, behind) => {
        await session.get('cart')
        return behind()
      },
      (session) => session.signIn('ada'),
    )
    expect(response.headers.getSetCookie()).toHaveLength(1)
    expect(await found()).toEqual({ user: 'ada', cart: 'a' })
  })

  test('a sign-out behind a front that only reads stays, though its own cookie was due', async () => {
    const { visit, found, clock, browser } = newPair(newStore)
    await visit((session) => session.set('cart', 'a'))
    clock.now += 1_000_000
    await visit(
      async (session, behind) => {
        await session.get('cart')
        return behind()
      },
      (session) => session.signOut(),
    )
    expect([...browser.cookies]).toEqual([])
    expect(await found()).toEqual({ user: null })
  })

  test('the 409 of a front that recorded a change keeps the cookie of the sign-in behind it', async () => {
    const { visit, found } = newPair(newStore)
    await visit((session) => session.set('cart', 'a'))
    const response = await visit(
      (session, behind) => {
        session.set('seen', 1)
        return behind()
      },
      (session) => session.signIn('ada'),
    )
    expect(response.status).toBe(409)
    expect(response.headers.getSetCookie()).toHaveLength(1)
    expect(await found()).toEqual({ user: 'ada', cart: 'a' })
  })

  test('the 409 of a front whose session was ended behind it clears the cookie', async () => {
    const { visit, browser } = newPair(newStore)
    await visit((session) => session.set('cart', 'a'))
    const response = await visit(
      async (session, behind) => {
        await session.load()
        session.set('seen', 1)
        return behind()
      },
      (session) => session.destroy(),
    )
    expect(response.status).toBe(409)
    expect(response.headers.getSetCookie()).toHaveLength(1)
    expect([...browser.cookies]).toEqual([])
  })

  test('the first writes of both are one session', async () => {
    const { visit, found, events } = newPair(newStore)
    const response = await visit(
      (session, behind) => {
        session.set('outer', 1)
        return behind()
      },
      (session) => session.set('inner', 1),
    )
    expect(response.headers.getSetCookie()).toHaveLength(1)
    // KV takes one write a second: that of the front is refused, and the session of the one behind it stays.
    expect(response.status).toBe(isKv ? 503 : 200)
    expect(await found()).toEqual({ user: null, ...(!isKv && { outer: 1 }), inner: 1 })
    expect(events.map(({ type }) => type)).toEqual(['created', ...(isKv ? ['store-failed'] : [])])
  })

  test('a change recorded before the first sign-in behind it goes with that', async () => {
    const { visit, found } = newPair(newStore)
    const response = await visit(
      (session, behind) => {
        session.set('outer', 1)
        return behind()
      },
      (session) => session.signIn('ada'),
    )
    expect(response.status).toBe(isKv ? 503 : 200)
    expect(await found()).toEqual({ user: 'ada', ...(!isKv && { outer: 1 }) })
  })

  test('of two sessions that both have made, one is sent, and an event says so', async () => {
    const { visit, found, events } = newPair(newStore)
    await visit(
      async (session, behind) => {
        session.set('outer', 1)
        await session.commit()
        return behind()
      },
      (session) => session.set('inner', 1),
    )
    expect(await found()).toEqual({ user: null, outer: 1 })
    expect(events.map(({ type }) => type)).toEqual(['created', 'created', 'cookie-conflict'])
  })

  test('a cookie of the name that nobody has signed is replaced', async () => {
    const { visit, found, clock } = newPair(newStore)
    await visit((session) => session.set('cart', 'a'))
    clock.now += 1_000_000
    const response = await visit(async (session) => {
      await session.get('cart')
      return new Response('', { headers: { 'Set-Cookie': '__Host-session=mine; Path=/; Secure' } })
    })
    expect(response.headers.getSetCookie()).toHaveLength(1)
    expect(await found()).toEqual({ user: null, cart: 'a' })
  })
})

// The local KV takes any number of writes a second.
test('on KV the first writes of both are one session too, if it takes both', async () => {
  const { visit, found } = newPair(() => kvStore(env.SESSION_KV))
  await visit(
    (session, behind) => {
      session.set('outer', 1)
      return behind()
    },
    (session) => session.set('inner', 1),
  )
  expect(await found()).toEqual({ user: null, outer: 1, inner: 1 })
})

describe('an answer that replaces the handler’s', () => {
  const HEADERS = {
    'Access-Control-Allow-Origin': 'https://other.example',
    'Content-Security-Policy': "default-src 'self'",
    'Strict-Transport-Security': 'max-age=1',
    Vary: 'Origin',
    'X-Own': 'of the page',
  }

  test('keeps its headers for browsers, and nothing else', async () => {
    const { visit } = newPair()
    await visit((session) => session.set('cart', 'a'))
    const response = await visit(
      async (session, behind) => {
        session.set('seen', 1)
        await behind()
        return new Response('page', { headers: HEADERS })
      },
      (session) => session.destroy(),
    )
    expect(response.status).toBe(409)
    const { 'X-Own': own, ...kept } = HEADERS
    expect(Object.fromEntries(response.headers)).toMatchObject({
      ...Object.fromEntries(new Headers({ ...kept, Vary: 'Origin, Cookie' })),
      'cache-control': 'private, no-store',
      'content-type': 'application/problem+json',
    })
    expect(own).toBeDefined()
    expect(response.headers.get('X-Own')).toBe(null)
  })
})

describe('open()', () => {
  const newLayer = () => {
    const store = memoryStore()
    let read = 0
    const sessions = createSessions({
      secrets: async () => {
        read += 1
        return [env.SESSION_SECRET] as const
      },
      store: () => store,
    })
    return { sessions, reads: () => read }
  }

  test('twice at the same time gives one session', async () => {
    const { sessions } = newLayer()
    const request = new Request('https://app.example/')
    const [one, other] = await Promise.all([
      sessions.open(request, env),
      sessions.open(request, env),
    ])
    expect(one).toBe(other)
    expect(await sessions.open(request, env)).toBe(one)
  })

  test('of a cookie that is new to the isolate gives one session as well', async () => {
    const { sessions } = newLayer()
    const first = await sessions.open(new Request('https://app.example/'), env)
    first.set('n', 1)
    const response = await sessions.commit(first, new Response())
    const cookie = response.headers.getSetCookie()[0]?.split(';')[0] ?? ''
    const request = new Request('https://app.example/', { headers: { cookie } })
    const [one, other] = await Promise.all([
      sessions.open(request, env),
      sessions.open(request, env),
    ])
    expect(one).toBe(other)
    expect(await one.get('n')).toBe(1)
  })

  test('that failed can be tried again on the same request', async () => {
    let isDown = true
    const sessions = createSessions({
      secrets: async () => {
        if (isDown) throw new Error('the Secrets Store is down')
        return [env.SESSION_SECRET] as const
      },
      store: memoryStore(),
    })
    const request = new Request('https://app.example/')
    await expect(sessions.open(request, env)).rejects.toThrow('is down')
    isDown = false
    expect((await sessions.open(request, env)).isNew).toBe(true)
  })
})

describe('run()', () => {
  const store = memoryStore()
  const sessions = createSessions({ secrets: [env.SESSION_SECRET], store })
  const cookieOf = (response: Response): string =>
    response.headers.getSetCookie()[0]?.split(';')[0] ?? ''
  const requestWith = (cookie: string): Request =>
    new Request('https://app.example/', { headers: { cookie } })

  test('opens, handles and commits', async () => {
    const made = await sessions.run(requestWith(''), env, (session) => {
      session.set('n', 1)
      return new Response('made')
    })
    expect(await made.text()).toBe('made')
    const read = await sessions.run(requestWith(cookieOf(made)), env, (session) => session.get('n'))
    expect(await read?.json()).toBe(1)
  })

  test('clears a cookie whose session ended while the request used it, and answers 409', async () => {
    const made = await sessions.run(requestWith(''), env, (session) => session.set('n', 1) ?? 'ok')
    const cookie = cookieOf(made)
    const late = await sessions.run(requestWith(cookie), env, async (session) => {
      await session.load()
      await sessions.run(requestWith(cookie), env, (other) => other.destroy().then(() => 'ended'))
      await session.increment('n')
      return 'not reached'
    })
    expect(late.status).toBe(409)
    expect(late.headers.getSetCookie()[0]).toMatch(/^__Host-session=; Max-Age=0/)
  })

  test('passes an error of the handler on, and writes nothing', async () => {
    const made = await sessions.run(requestWith(''), env, (session) => session.set('n', 1) ?? 'ok')
    const failing = sessions.run(requestWith(cookieOf(made)), env, (session) => {
      session.set('n', 2)
      throw new RangeError('the handler’s own')
    })
    await expect(failing).rejects.toThrow(RangeError)
    const read = await sessions.run(requestWith(cookieOf(made)), env, (session) => session.get('n'))
    expect(await read?.json()).toBe(1)
  })
})
