import { env } from 'cloudflare:workers'
import { RouterContextProvider } from 'react-router'
import { describe, expect, test } from 'vitest'

import { readExpressSession, router } from '../../examples/migration/express-session.ts'
import { app as hono, readHonoSession } from '../../examples/migration/hono-sessions.ts'
import { addToCart, logOut } from '../../examples/migration/iron-session.ts'
import {
  action,
  cartAction,
  destroySession,
  getSession,
  loader,
  middleware,
} from '../../examples/migration/react-router.ts'
import type { Env } from '../../examples/migration/sessions.ts'
import { withSessionOrOld } from '../../examples/migration/take-over.ts'
import type { AccountMethods } from '../../src/accounts.ts'
import type { Session } from '../../src/index.ts'
import { Browser } from '../support/browser.ts'
import {
  decryptHono,
  honoSessionsApp,
  ironCookie,
  kvStorage,
  readIron,
} from '../support/old-libraries.mjs'
import { newRouterApp } from '../support/router-app.ts'
import { CONTEXT } from '../support/site.ts'

const context = CONTEXT as ExecutionContext
const OLD_KEY = 'an old key that has more than 32 characters'

/** What express-session 1.19.0 has set and stored for `req.session.userId = 'ada'` and two items in a cart. */
const EXPRESS = {
  secret: 'an old secret of an Express application',
  id: 'Sr5S1z1HaO9rCIuk1JLuMFdWFRI6mpLE',
  cookie:
    'connect.sid=s%3ASr5S1z1HaO9rCIuk1JLuMFdWFRI6mpLE.NU77TTbsWB7Xjwl%2B%2BoDD5qu4cKt3OyUP%2FR%2BqfaPLr2M',
  record: {
    cookie: {
      originalMaxAge: 1_800_000,
      expires: '2026-11-21T14:43:21.993Z',
      httpOnly: true,
      path: '/',
      sameSite: 'lax',
    },
    userId: 'ada',
    cart: ['tea', 'milk'],
  },
}

/** The same record, good for another minute. */
function liveRecord(): typeof EXPRESS.record {
  const expires = new Date(Date.now() + 60_000).toISOString()
  return { ...EXPRESS.record, cookie: { ...EXPRESS.record.cookie, expires } }
}

type Old = Awaited<ReturnType<typeof readExpressSession>>
type Data = { cart: string[] }

async function shown(session: Session<Data> & AccountMethods): Promise<unknown> {
  const cart = await session.get('cart')
  return { userId: session.userId ?? null, cart: cart ?? null }
}

const ADA = { userId: 'ada', cart: ['tea', 'milk'] }
const NOBODY = { userId: null, cart: null }

/** A browser with an old cookie, in front of a Worker that takes over what this reads. */
function newVisitor(
  cookie: string,
  read: (request: Request, bindings: Env) => Promise<Old>,
): Browser {
  const [, cookieName = '', value = ''] = /^([^=]+)=([^;]*)/.exec(cookie) ?? []
  const handler = withSessionOrOld({ cookieName, read }, async ({ session, url }) => {
    if (url.endsWith('/sign-out')) {
      await session.signOut()
      return 'out'
    }
    if (url.endsWith('/throw')) throw new Error('A fault of the page')
    if (url.endsWith('/redirect')) return Response.redirect('https://app.example/')
    return shown(session)
  })
  const browser = new Browser(
    async (request) => (await handler(request, env, context)) ?? new Response(null),
  )
  browser.cookies.set(cookieName, value)
  return browser
}

const newExpressVisitor = (): Browser =>
  newVisitor(EXPRESS.cookie, (request) =>
    readExpressSession(request, EXPRESS.secret, async (id) =>
      id === EXPRESS.id ? liveRecord() : undefined,
    ),
  )

describe('who comes with an old session', () => {
  test('is signed in by it once, and has the new cookie only afterwards', async () => {
    const browser = newExpressVisitor()
    expect(await browser.json('/')).toEqual(ADA)
    expect([...browser.cookies.keys()]).toEqual(['__Host-session'])
    expect(await browser.json('/')).toEqual(ADA)
  })

  test('stays out after signing out, even with the first request', async () => {
    for (const paths of [['/', '/sign-out'], ['/sign-out']]) {
      const browser = newExpressVisitor()
      for (const path of paths) await browser.fetch(path)
      expect([...browser.cookies.keys()]).toEqual([])
      expect(await browser.json('/')).toEqual(NOBODY)
    }
  })

  test('is brought over by the next request when the page fails', async () => {
    const browser = newExpressVisitor()
    await expect(browser.fetch('/throw')).rejects.toThrow('A fault of the page')
    expect([...browser.cookies.keys()]).toEqual(['connect.sid'])
    expect(await browser.json('/')).toEqual(ADA)
  })

  test('is brought over by a redirect, too', async () => {
    const browser = newExpressVisitor()
    expect((await browser.fetch('/redirect')).status).toBe(302)
    expect([...browser.cookies.keys()]).toEqual(['__Host-session'])
    expect(await browser.json('/')).toEqual(ADA)
  })

  test('can come with a copy of the old cookie as long as that is good: it is not ended', async () => {
    const browser = newExpressVisitor()
    const copy = browser.copy()
    await browser.fetch('/sign-out')
    expect(await copy.json('/')).toEqual(ADA)
  })

  test('has no old session asked for any more once there is a new one', async () => {
    let reads = 0
    const browser = newVisitor(EXPRESS.cookie, async () => {
      reads += 1
      return ADA
    })
    await browser.fetch('/')
    browser.cookies.set('connect.sid', 'set again by an old page')
    expect(await browser.json('/')).toEqual(ADA)
    expect(reads).toBe(1)
    expect(browser.cookies.get('connect.sid')).toBeUndefined()
  })

  test('is a stranger, without an error, when there is no session behind it', async () => {
    const browser = newVisitor(EXPRESS.cookie, async () => undefined)
    expect(await browser.json('/')).toEqual(NOBODY)
    expect([...browser.cookies.keys()]).toEqual([])
  })
})

describe('a cookie of express-session', () => {
  const read = (cookie: string, record: typeof EXPRESS.record | undefined): Promise<Old> => {
    const request = new Request('https://app.example/', { headers: { cookie } })
    return readExpressSession(request, EXPRESS.secret, async () => record)
  }

  test('gives its session, among other cookies, too', async () => {
    const record = liveRecord()
    for (const cookie of [EXPRESS.cookie, `a=1; ${EXPRESS.cookie}; b=2`]) {
      expect(await read(cookie, record)).toEqual(record)
    }
  })

  test('gives nothing when its time is up, or its record is gone', async () => {
    const past = { ...EXPRESS.record.cookie, expires: new Date(Date.now() - 1).toISOString() }
    expect(await read(EXPRESS.cookie, { ...EXPRESS.record, cookie: past })).toBe(undefined)
    expect(await read(EXPRESS.cookie, undefined)).toBe(undefined)
  })

  test.for([
    EXPRESS.cookie.replace('Sr5S', 'Sr5T'),
    EXPRESS.cookie.replace('NU77', 'NU78'),
    EXPRESS.cookie.slice(0, -1),
    `x${EXPRESS.cookie}`,
    'connect.sid=s%3Aa.b',
    'connect.sid=s%3Aa.%',
    'connect.sid=s%3Aa.%FF',
    'connect.sid=',
    '',
  ])('gives nothing that it has not signed: %s', async (cookie) => {
    expect(await read(cookie, liveRecord())).toBe(undefined)
  })

  test('gives nothing under another secret', async () => {
    const request = new Request('https://app.example/', { headers: { cookie: EXPRESS.cookie } })
    const load = async (): Promise<typeof EXPRESS.record> => liveRecord()
    expect(await readExpressSession(request, OLD_KEY, load)).toBe(undefined)
  })
})

describe('a session of hono-sessions', () => {
  async function newOldSession(): Promise<{ cookie: string; records: Map<string, unknown> }> {
    const records = new Map<string, unknown>()
    const app = honoSessionsApp(records, OLD_KEY)
    const response = await app(new Request('https://app.example/login', { method: 'POST' }))
    return { cookie: response.headers.getSetCookie()[0] ?? '', records }
  }

  const reading =
    (records: Map<string, unknown>) =>
    (request: Request): Promise<Old> =>
      readHonoSession(request, {
        decrypt: (value) => decryptHono(OLD_KEY, value),
        load: async (id) => records.get(id) as never,
      })

  test('is brought over', async () => {
    const { cookie, records } = await newOldSession()
    const browser = newVisitor(cookie, reading(records))
    expect(await browser.json('/')).toEqual({ userId: 'ada', cart: ['tea'] })
    expect([...browser.cookies.keys()]).toEqual(['__Host-session'])
  })

  test('is none when it is over, or its cookie is another’s', async () => {
    const { cookie, records } = await newOldSession()
    for (const record of records.values()) {
      Object.assign(record as object, { _expire: new Date(Date.now() - 1).toISOString() })
    }
    expect(await newVisitor(cookie, reading(records)).json('/')).toEqual(NOBODY)
    expect(await newVisitor('session=forged', reading(records)).json('/')).toEqual(NOBODY)
    expect(await newVisitor('session=%', reading(records)).json('/')).toEqual(NOBODY)
  })
})

describe('a session of iron-session', () => {
  test('is brought over, out of its cookie', async () => {
    const cookie = await ironCookie(ADA, OLD_KEY)
    const browser = newVisitor(cookie, (request) => readIron(request, OLD_KEY))
    expect(await browser.json('/')).toEqual(ADA)
    expect([...browser.cookies.keys()]).toEqual(['__Host-session'])
  })

  test('is none by another password', async () => {
    const cookie = await ironCookie(ADA, `another ${OLD_KEY}`)
    const browser = newVisitor(cookie, (request) => readIron(request, OLD_KEY))
    expect(await browser.json('/')).toEqual(NOBODY)
  })
})

describe('a session of React Router on KV', () => {
  const storage = kvStorage(env.SESSION_KV, OLD_KEY)
  const read = async (request: Request): Promise<Old> => {
    const old = await storage.getSession(request.headers.get('Cookie'))
    return { userId: old.get('userId'), cart: old.get('cart') } as Old
  }

  test('is brought over', async () => {
    const old = await storage.getSession(null)
    old.set('userId', 'ada')
    old.set('cart', ['tea', 'milk'])
    const browser = newVisitor(await storage.commitSession(old), read)
    expect(await browser.json('/')).toEqual(ADA)
    expect([...browser.cookies.keys()]).toEqual(['__Host-session'])
  })

  test('is none when nothing is stored, or nobody has signed its cookie', async () => {
    for (const value of ['forged', '']) {
      const browser = newVisitor(`__session=${value}`, read)
      expect(await browser.json('/')).toEqual(NOBODY)
    }
  })
})

describe('the Express application, afterwards', () => {
  function newBrowser(): Browser {
    return new Browser((request) => router.fetch(request, env, CONTEXT) as Promise<Response>)
  }

  const form = (password: string): RequestInit => ({
    method: 'POST',
    body: new URLSearchParams({ name: 'ada', password }),
  })

  test('signs in, keeps the cart of before, and signs out', async () => {
    const browser = newBrowser()
    expect(await browser.json('/cart/tea', { method: 'POST' })).toEqual(['tea'])
    expect((await browser.fetch('/login', form('wrong'))).status).toBe(401)
    expect((await browser.fetch('/login', form('correct'))).status).toBe(303)
    expect(await browser.json('/')).toEqual({ userId: 'ada', cart: ['tea'] })
    await browser.fetch('/logout', { method: 'POST' })
    expect([...browser.cookies.keys()]).toEqual([])
    expect(await browser.json('/')).toEqual({})
  })

  test('keeps every item of ten requests at the same time', async () => {
    const browser = newBrowser()
    await browser.fetch('/cart/first', { method: 'POST' })
    const items = Array.from({ length: 10 }, (_, index) => `item-${index}`)
    await Promise.all(items.map((item) => browser.fetch(`/cart/${item}`, { method: 'POST' })))
    const { cart } = await browser.json<Data>('/')
    expect(cart.toSorted()).toEqual(['first', ...items])
  })
})

describe('the Hono application, afterwards', () => {
  test('signs in, shows its message once, keeps the cart, and signs out', async () => {
    const browser = new Browser((request) => hono.fetch(request, env, context))
    await browser.fetch('/cart/tea', { method: 'POST' })
    const before = browser.copy()
    expect((await browser.fetch('/login', { method: 'POST' })).status).toBe(303)
    expect(await browser.json('/')).toEqual({ userId: 'ada', cart: ['tea'], notice: 'Welcome' })
    expect(await browser.json('/')).toEqual({ userId: 'ada', cart: ['tea'] })
    expect(await before.json('/')).toEqual({})
    await browser.fetch('/logout', { method: 'POST' })
    expect([...browser.cookies.keys()]).toEqual([])
  })
})

test('what was in a sealed cookie is on the server afterwards, and a copy of the cookie ends with it', async () => {
  const browser = new Browser((request) =>
    request.url.endsWith('/out') ? logOut(request, env, context) : addToCart(request, env, context),
  )
  expect(await browser.json('/?item=tea')).toEqual(['tea'])
  expect(await browser.json('/?item=milk')).toEqual(['tea', 'milk'])
  const copy = browser.copy()
  await browser.fetch('/out')
  expect(await copy.json('/?item=mine')).toEqual(['mine'])
})

describe('the React Router application, afterwards', () => {
  const handler = newRouterApp(
    { middleware: [...middleware], hasPage: true },
    { page: { hasPage: true, loader, action } },
  )
  const newBrowser = (): Browser =>
    new Browser((request) =>
      request.url.endsWith('/cart')
        ? cartAction({ request })
        : handler(request, new RouterContextProvider()),
    )

  interface Page {
    readonly loaderData: { readonly page: unknown }
  }

  test('keeps what its former routes store, through the storage', async () => {
    const browser = newBrowser()
    expect((await browser.fetch('/cart', { method: 'POST' })).status).toBe(302)
    await browser.fetch('/cart', { method: 'POST' })
    const { loaderData } = await browser.json<Page>('/page')
    expect(loaderData.page).toEqual({ cart: ['tea', 'tea'] })
    const session = await getSession(browser.cookieHeader())
    expect(session.get('cart')).toEqual(['tea', 'tea'])
    expect(await destroySession(session)).toMatch(/^__Host-session=; Max-Age=0;/)
    expect((await browser.json<Page>('/page')).loaderData.page).toEqual({ cart: [] })
  })

  test('signs in by the middleware, with a new token, and shows its message once', async () => {
    const browser = newBrowser()
    await browser.fetch('/cart', { method: 'POST' })
    const before = browser.copy()
    const form = (password: string): RequestInit => ({
      method: 'POST',
      body: new URLSearchParams({ name: 'ada', password }),
    })
    await browser.fetch('/page', form('wrong'))
    const shows = async (): Promise<unknown> => (await browser.json<Page>('/page')).loaderData.page
    expect(await shows()).toEqual({ cart: ['tea'], notice: 'Wrong name or password' })
    expect(await shows()).toEqual({ cart: ['tea'] })
    await browser.fetch('/page', form('correct'))
    expect(await shows()).toEqual({ cart: ['tea'] })
    expect((await before.json<Page>('/page')).loaderData.page).toEqual({ cart: [] })
  })
})
