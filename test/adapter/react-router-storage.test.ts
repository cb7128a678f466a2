import { env } from 'cloudflare:workers'
import {
  createMemorySessionStorage,
  createSession,
  isSession,
  redirect,
  RouterContextProvider,
  type Session as RouterSession,
  type SessionStorage,
} from 'react-router'
import { describe, expect, test } from 'vitest'
import { z } from 'zod'

import { sessionStorage } from '../../src/adapter/react-router-storage.ts'
import {
  createSessions,
  type SessionEvent,
  type SessionOptions,
  type Sessions,
} from '../../src/index.ts'
import { checked } from '../../src/schema.ts'
import { serialized } from '../../src/serialize.ts'
import { durableObjectStore } from '../../src/store/durable-object.ts'
import { kvStore } from '../../src/store/kv.ts'
import { Browser } from '../support/browser.ts'
import { countingStore } from '../support/counting-store.ts'
import { newRouterApp, type TestRoute } from '../support/router-app.ts'

interface Data {
  user: string
  cart: string[]
  nested: { tags: { id: number }[] }
  maybe: string | undefined
}

interface Flash {
  notice: string
  user: string
}

interface World {
  readonly storage: SessionStorage<Data, Flash>
  readonly sessions: Sessions<Data, unknown, Flash>
  readonly calls: string[]
  readonly events: SessionEvent[]
}

function newWorld(options: Partial<SessionOptions<unknown, Data, Flash>> = {}): World {
  const { store, calls } = countingStore(durableObjectStore(env.SESSIONS))
  const events: SessionEvent[] = []
  const sessions = createSessions<Data, unknown, Flash>({
    secrets: [env.SESSION_SECRET],
    store,
    onEvent: (event) => void events.push(event),
    ...options,
  })
  return { sessions, storage: sessionStorage(sessions, () => env), calls, events }
}

/** What a browser sends back of a Set-Cookie. */
function cookieOf(setCookie: string): string {
  return setCookie.split(';', 1).join('')
}

async function storedBy(
  { getSession, commitSession }: SessionStorage<Data, Flash>,
  change: (session: Awaited<ReturnType<typeof getSession>>) => void,
): Promise<string> {
  const session = await getSession()
  change(session)
  return cookieOf(await commitSession(session))
}

// What code that was written for any SessionStorage may count on: after React Router's own sessions-test.ts, and its
// documentation of sessions and cookies.
describe.for<[name: string, newStorage: () => SessionStorage<Data, Flash>]>([
  [
    'createMemorySessionStorage',
    () => createMemorySessionStorage({ cookie: { secrets: ['a-secret-of-the-test'] } }),
  ],
  ['sessionStorage on Durable Objects', () => newWorld().storage],
  ['sessionStorage on KV', () => newWorld({ store: kvStore(env.SESSION_KV) }).storage],
])('%s', ([, newStorage]) => {
  test('keeps data across requests', async () => {
    const storage = newStorage()
    const cookie = await storedBy(storage, (session) => {
      session.set('user', 'ada')
      session.set('nested', { tags: [{ id: 1 }] })
    })
    const session = await storage.getSession(cookie)
    expect(session.get('user')).toBe('ada')
    expect(session.get('nested')).toEqual({ tags: [{ id: 1 }] })
    expect(session.data).toEqual({ user: 'ada', nested: { tags: [{ id: 1 }] } })
  })

  test('gives sessions that are such by isSession, new ones without an id', async () => {
    const storage = newStorage()
    const session = await storage.getSession()
    expect(isSession(session)).toBe(true)
    expect([session.id, session.data]).toEqual(['', {}])
    const cookie = await storedBy(storage, (own) => own.set('user', 'ada'))
    const { id } = await storage.getSession(cookie)
    expect(id).not.toBe('')
    expect((await storage.getSession(cookie)).id).toBe(id)
  })

  test.for([undefined, null, '', 'other=1', '__session=forged; __Host-session=forged'])(
    'gives an empty session for the Cookie header %j',
    async (header) => {
      const session = await newStorage().getSession(header)
      expect([session.id, session.data, session.has('user')]).toEqual(['', {}, false])
    },
  )

  test('has, gets, sets and unsets', async () => {
    const storage = newStorage()
    const session = await storage.getSession()
    expect([session.has('user'), session.get('user')]).toEqual([false, undefined])
    session.set('user', 'ada')
    expect([session.has('user'), session.get('user')]).toEqual([true, 'ada'])
    session.unset('user')
    expect([session.has('user'), session.get('user'), session.data]).toEqual([false, undefined, {}])
    session.set('user', 'eve')
    session.set('user', 'bob')
    const cookie = cookieOf(await storage.commitSession(session))
    expect((await storage.getSession(cookie)).get('user')).toBe('bob')
  })

  test('forgets what is unset', async () => {
    const storage = newStorage()
    const cookie = await storedBy(storage, (session) => {
      session.set('user', 'ada')
      session.set('cart', ['a'])
    })
    const session = await storage.getSession(cookie)
    session.unset('user')
    const next = cookieOf(await storage.commitSession(session))
    expect((await storage.getSession(next)).data).toEqual({ cart: ['a'] })
  })

  test('keeps what was changed in place', async () => {
    const storage = newStorage()
    const cookie = await storedBy(storage, (session) => session.set('cart', ['a']))
    const session = await storage.getSession(cookie)
    session.get('cart')?.push('b')
    const next = cookieOf(await storage.commitSession(session))
    expect((await storage.getSession(next)).get('cart')).toEqual(['a', 'b'])
  })

  test('gives a message once, and has it until then', async () => {
    const storage = newStorage()
    const cookie = await storedBy(storage, (session) => session.flash('notice', 'saved'))
    const session = await storage.getSession(cookie)
    expect(session.has('notice')).toBe(true)
    expect(session.data).toEqual({ __flash_notice__: 'saved' })
    expect(session.get('notice')).toBe('saved')
    expect([session.has('notice'), session.get('notice')]).toEqual([false, undefined])
    const next = cookieOf(await storage.commitSession(session))
    expect((await storage.getSession(next)).has('notice')).toBe(false)
  })

  test('keeps a message that nobody has read', async () => {
    const storage = newStorage()
    const cookie = await storedBy(storage, (session) => session.flash('notice', 'saved'))
    const session = await storage.getSession(cookie)
    session.set('user', 'ada')
    const next = cookieOf(await storage.commitSession(session))
    expect((await storage.getSession(next)).get('notice')).toBe('saved')
  })

  test('gives a value before a message of the same name', async () => {
    const storage = newStorage()
    const cookie = await storedBy(storage, (session) => {
      session.flash('user', 'message')
      session.set('user', 'value')
    })
    const session = await storage.getSession(cookie)
    expect(session.get('user')).toBe('value')
    session.unset('user')
    expect(session.get('user')).toBe('message')
  })

  test('gives a cookie with every commit of a session, changed or not', async () => {
    const storage = newStorage()
    const cookie = await storedBy(storage, (session) => session.set('user', 'ada'))
    const session = await storage.getSession(cookie)
    const next = cookieOf(await storage.commitSession(session))
    expect((await storage.getSession(next)).get('user')).toBe('ada')
  })

  test('commits a session more than once', async () => {
    const storage = newStorage()
    const cookie = await storedBy(storage, (own) => own.set('user', 'ada'))
    const session = await storage.getSession(cookie)
    session.set('user', 'bob')
    await storage.commitSession(session)
    session.set('cart', ['a'])
    const next = cookieOf(await storage.commitSession(session))
    expect((await storage.getSession(next)).data).toEqual({ user: 'bob', cart: ['a'] })
  })

  test('destroys: the data is gone, and the cookie is cleared', async () => {
    const storage = newStorage()
    const cookie = await storedBy(storage, (session) => session.set('user', 'ada'))
    const setCookie = await storage.destroySession(await storage.getSession(cookie))
    expect(setCookie).toMatch(/^__(Host-)?session=;.*(Max-Age=0|Expires=Thu, 01 Jan 1970)/)
    expect((await storage.getSession(cookie)).data).toEqual({})
    expect(await storage.destroySession(await storage.getSession())).toMatch(/session=;/)
  })

  test('has the browser keep the cookie as long as the caller says', async () => {
    const storage = newStorage()
    const session = await storage.getSession()
    session.set('user', 'ada')
    const expires = new Date(Date.now() + 3_600_000)
    const setCookie = await storage.commitSession(session, { maxAge: 3600, expires })
    expect(setCookie).toMatch(/; Max-Age=3600(;|$)/)
    expect(setCookie).toContain(`; Expires=${expires.toUTCString()}`)
    expect(setCookie).toContain('Path=/')
  })
})

describe('what React Router’s own storages do not do', () => {
  /** Two requests with one cookie, which both change something before either commits. */
  async function overlapping(storage: SessionStorage<Data, Flash>): Promise<object> {
    const cookie = await storedBy(storage, (session) => session.set('nested', { tags: [] }))
    const one = await storage.getSession(cookie)
    const other = await storage.getSession(cookie)
    one.set('user', 'ada')
    one.set('nested', { tags: [{ id: 1 }] })
    other.set('cart', ['a'])
    await storage.commitSession(one)
    const next = cookieOf(await storage.commitSession(other))
    return (await storage.getSession(next)).data
  }

  test('overlapping requests both keep their keys', async () => {
    const { storage } = newWorld()
    expect(await overlapping(storage)).toEqual({
      nested: { tags: [{ id: 1 }] },
      user: 'ada',
      cart: ['a'],
    })
    const memory = createMemorySessionStorage<Data, Flash>({ cookie: { secrets: ['secret'] } })
    expect(await overlapping(memory)).not.toHaveProperty('user')
  })

  test('a session that was destroyed stays so: a commit that comes later is refused', async () => {
    const { storage } = newWorld()
    const cookie = await storedBy(storage, (session) => session.set('user', 'ada'))
    const late = await storage.getSession(cookie)
    late.set('user', 'eve')
    await storage.destroySession(await storage.getSession(cookie))
    const refusal: unknown = await storage.commitSession(late).catch((error: unknown) => error)
    expect(refusal).toBeInstanceOf(Response)
    expect(refusal).toMatchObject({ status: 409 })
    expect((await storage.getSession(cookie)).data).toEqual({})
  })

  test('and can be destroyed after that, which clears the cookie', async () => {
    const { storage } = newWorld()
    const cookie = await storedBy(storage, (session) => session.set('user', 'ada'))
    const late = await storage.getSession(cookie)
    late.set('user', 'eve')
    await storage.destroySession(await storage.getSession(cookie))
    await expect(storage.commitSession(late)).rejects.toMatchObject({ status: 409 })
    expect(await storage.destroySession(late)).toMatch(/Max-Age=0/)
  })

  test('and destroying it again is no error', async () => {
    const { storage } = newWorld()
    const cookie = await storedBy(storage, (session) => session.set('user', 'ada'))
    const [one, other] = [await storage.getSession(cookie), await storage.getSession(cookie)]
    await storage.destroySession(one)
    expect(await storage.destroySession(other)).toMatch(/Max-Age=0/)
    expect(await storage.destroySession(await storage.getSession(cookie))).toMatch(/Max-Age=0/)
  })

  test('a token that was replaced meanwhile ends nothing any more', async () => {
    const { storage, sessions } = newWorld()
    const cookie = await storedBy(storage, (session) => session.set('user', 'ada'))
    const late = await storage.getSession(cookie)
    const request = new Request('https://app.example/', { headers: { Cookie: cookie } })
    const session = await sessions.open(request, {})
    await session.regenerate()
    const { headers } = await sessions.commit(session, new Response())
    const refusal: unknown = await storage.destroySession(late).catch((error: unknown) => error)
    expect(refusal).toMatchObject({ status: 409 })
    const next = cookieOf(headers.getSetCookie().join(''))
    expect((await storage.getSession(next)).data).toEqual({ user: 'ada' })
  })

  test('an explicit set counts, though the value is the one that was read', async () => {
    const { storage } = newWorld()
    const cookie = await storedBy(storage, (session) => session.set('user', 'ada'))
    const [one, other] = [await storage.getSession(cookie), await storage.getSession(cookie)]
    one.set('user', 'eve')
    other.set('user', 'ada')
    await storage.commitSession(one)
    const next = cookieOf(await storage.commitSession(other))
    expect((await storage.getSession(next)).get('user')).toBe('ada')
  })

  test('an explicit unset counts, though the key was not there, or refused by the schema', async () => {
    const { storage } = newWorld()
    const cookie = await storedBy(storage, (session) => session.set('cart', ['a']))
    const [one, other] = [await storage.getSession(cookie), await storage.getSession(cookie)]
    one.set('user', 'ada')
    other.unset('user')
    await storage.commitSession(one)
    await storage.commitSession(other)
    expect((await storage.getSession(cookie)).data).toEqual({ cart: ['a'] })

    const schema = z.object({
      user: z.string(),
      cart: z.array(z.string()).max(0),
      nested: z.object({ tags: z.array(z.object({ id: z.number() })) }),
      maybe: z.union([z.string(), z.undefined()]),
    })
    const stricter = newWorld({ data: checked(schema) }).storage
    const session = await stricter.getSession(cookie)
    session.unset('cart')
    await stricter.commitSession(session)
    expect((await storage.getSession(cookie)).data).toEqual({})
  })

  test('a value that could not be stored is refused by set', async () => {
    const { storage } = newWorld()
    const session = await storage.getSession()
    expect(() => session.set('user', new Date() as unknown as string)).toThrow(
      expect.objectContaining({ code: 'ERR_VALUE' }),
    )
    expect(session.has('user')).toBe(false)
  })

  test('a key that is no well-formed text is refused by set and flash', async () => {
    const { storage } = newWorld()
    const session = (await storage.getSession()) as unknown as RouterSession
    const refusal = expect.objectContaining({ code: 'ERR_KEY' })
    expect(() => session.set('\ud800', 'ada')).toThrow(refusal)
    expect(() => session.flash('\ud800', 'ada')).toThrow(refusal)
  })

  test('undefined is nothing to store', async () => {
    const { storage } = newWorld()
    const cookie = await storedBy(storage, (session) => {
      session.set('user', 'ada')
      session.set('maybe', 'yes')
    })
    const session = await storage.getSession(cookie)
    session.set('maybe', undefined)
    expect(session.get('maybe')).toBe(undefined)
    await storage.commitSession(session)
    expect((await storage.getSession(cookie)).data).toEqual({ user: 'ada' })
  })
})

describe('what it costs', () => {
  test('is nothing for a visitor who stores nothing: no call, no cookie', async () => {
    const { storage, calls } = newWorld()
    const session = await storage.getSession()
    expect(await storage.commitSession(session)).toBe('')
    expect(calls).toEqual([])
  })

  test('is one read for getSession, and one write for a commit that has something', async () => {
    const { storage, calls } = newWorld()
    const cookie = await storedBy(storage, (session) => session.set('user', 'ada'))
    expect(calls).toEqual(['create'])
    calls.length = 0
    const session = await storage.getSession(cookie)
    await storage.commitSession(session)
    expect(calls).toEqual(['read'])
    session.set('user', 'eve')
    session.set('cart', [])
    await storage.commitSession(session)
    expect(calls).toEqual(['read', 'write'])
  })
})

test('a forged cookie is an anonymous visitor’s, and an event', async () => {
  const { storage, calls, events } = newWorld()
  const cookie = await storedBy(storage, (session) => session.set('user', 'ada'))
  calls.length = 0
  const session = await storage.getSession(`${cookie.slice(0, -1)}!`)
  expect([session.id, session.data]).toEqual(['', {}])
  expect(calls).toEqual([])
  expect(events.at(-1)).toMatchObject({ type: 'refused' })
})

test('a session and its messages are shared with the middleware and withSession', async () => {
  const { storage, sessions } = newWorld()
  const cookie = await storedBy(storage, (session) => {
    session.set('user', 'ada')
    session.flash('notice', 'saved')
  })
  const request = new Request('https://app.example/', { headers: { Cookie: cookie } })
  const session = await sessions.open(request, {})
  expect(await session.all()).toEqual({ user: 'ada' })
  expect(await session.flashes()).toEqual({ notice: 'saved' })
  session.flash('notice', 'again')
  await sessions.commit(session, new Response())
  expect((await storage.getSession(cookie)).get('notice')).toBe('again')
})

test('a schema checks what is set, what was changed in place, and what is read; never messages', async () => {
  const schemaOf = (items: number) =>
    z.strictObject({
      user: z.string(),
      cart: z.array(z.string()).max(items),
      nested: z.object({ tags: z.array(z.object({ id: z.number() })) }),
      maybe: z.union([z.string(), z.undefined()]),
    })
  const { storage } = newWorld({ data: checked(schemaOf(2)) })
  const cookie = await storedBy(storage, (session) => {
    session.set('cart', ['a', 'b'])
    session.flash('notice', 'saved')
    expect(() => session.set('user', 1 as unknown as string)).toThrow('the schema refuses')
  })
  const session = await storage.getSession(cookie)
  expect([session.get('cart'), session.get('notice')]).toEqual([['a', 'b'], 'saved'])
  session.get('cart')?.push('c')
  await expect(storage.commitSession(session)).rejects.toMatchObject({ code: 'ERR_VALUE' })
  const stricter = newWorld({ data: checked(schemaOf(1)) })
  expect((await stricter.storage.getSession(cookie)).has('cart')).toBe(false)
})

test('what a serializer made may be changed, and a text that cannot be read back is absent', async () => {
  const serializer = {
    stringify: (value: unknown) => JSON.stringify([...(value as Set<string>)]),
    parse: (text: string) => new Set(JSON.parse(text) as string[]),
  }
  const { storage, sessions, events } = newWorld({ data: serialized(serializer) })
  const session = await storage.getSession()
  session.set('cart', new Set(['a']) as unknown as string[])
  const cookie = cookieOf(await storage.commitSession(session))
  const later = await storage.getSession(cookie)
  const set = later.get('cart') as unknown as Set<string>
  set.add('b')
  await storage.commitSession(later)
  expect((await storage.getSession(cookie)).get('cart')).toEqual(new Set(['a', 'b']))
  const plain = sessionStorage(
    createSessions<Data, unknown, Flash>({
      secrets: [env.SESSION_SECRET],
      store: durableObjectStore(env.SESSIONS),
      onEvent: (event) => void events.push(event),
    }),
    () => env,
  )
  expect((await plain.getSession(cookie)).data).toEqual({})
  expect(events.at(-1)).toMatchObject({ type: 'corrupt' })
  expect(sessions).toBeDefined()
})

test('a store that fails is thrown as 503, and the commit can be tried again', async () => {
  const objects = durableObjectStore(env.SESSIONS)
  let isDown = true
  const { storage } = newWorld({
    store: {
      ...objects,
      create: (...parameters) =>
        isDown ? Promise.reject(new Error('down')) : objects.create(...parameters),
    },
  })
  const session = await storage.getSession()
  session.set('user', 'ada')
  const answer: unknown = await storage.commitSession(session).catch((error: unknown) => error)
  expect(answer).toMatchObject({ status: 503 })
  isDown = false
  const cookie = cookieOf(await storage.commitSession(session))
  expect((await storage.getSession(cookie)).get('user')).toBe('ada')
})

test('a session of elsewhere is refused', async () => {
  const { storage } = newWorld()
  await expect(storage.commitSession(createSession())).rejects.toMatchObject({ code: 'ERR_OPTION' })
})

test('existing routes move without a change', async () => {
  // As in React Router's documentation of sessions and cookies.
  const { getSession, commitSession, destroySession } = newWorld().storage
  const routes: Record<string, TestRoute> = {
    login: {
      hasPage: true,
      loader: async ({ request }) => {
        const session = await getSession(request.headers.get('Cookie'))
        return Response.json(
          { error: session.get('notice') ?? null },
          { headers: { 'Set-Cookie': await commitSession(session) } },
        )
      },
      action: async ({ request }) => {
        const session = await getSession(request.headers.get('Cookie'))
        const name = (await request.formData()).get('name')
        if (name !== 'ada') {
          session.flash('notice', 'Invalid username')
          throw redirect('/login', { headers: { 'Set-Cookie': await commitSession(session) } })
        }
        session.set('user', name)
        return redirect('/', { headers: { 'Set-Cookie': await commitSession(session) } })
      },
    },
    logout: {
      action: async ({ request }) => {
        const session = await getSession(request.headers.get('Cookie'))
        return redirect('/login', { headers: { 'Set-Cookie': await destroySession(session) } })
      },
    },
    me: {
      loader: async ({ request }) => {
        const session = await getSession(request.headers.get('Cookie'))
        return Response.json(session.get('user') ?? null)
      },
    },
  }
  const handler = newRouterApp({}, { ...routes, page: { hasPage: true, loader: () => null } })
  const browser = new Browser((request) => handler(request, new RouterContextProvider()))
  const logIn = (name: string) =>
    browser.fetch('/login', { method: 'POST', body: new URLSearchParams({ name }) })
  const page = async () =>
    (await browser.json<{ loaderData: { login: unknown } }>('/login')).loaderData.login
  expect(await page()).toEqual({ error: null })
  expect((await logIn('eve')).headers.get('Location')).toBe('/login')
  expect(await page()).toEqual({ error: 'Invalid username' })
  expect(await page()).toEqual({ error: null })
  expect((await logIn('ada')).headers.get('Location')).toBe('/')
  expect(await browser.json('/me')).toBe('ada')
  await browser.fetch('/logout', { method: 'POST' })
  expect(browser.cookies.size).toBe(0)
  expect(await browser.json('/me')).toBe(null)
})
