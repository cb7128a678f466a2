import { env } from 'cloudflare:workers'
import { Hono } from 'hono'
import { setSignedCookie } from 'hono/cookie'
import { createCookie, createCookieSessionStorage } from 'react-router'
import { describe, expect, test } from 'vitest'

import ironSession from '../../examples/migrate/iron-session.ts'
import * as examples from '../../examples/migrate/javascript.ts'
import reactRouter from '../../examples/migrate/react-router.ts'
import { secureSession } from '../../examples/migrate/secure-session.ts'
import { accounts } from '../../src/accounts.ts'
import { adopting } from '../../src/adopt.ts'
import { createSessions } from '../../src/index.ts'
import { durableObjectStore } from '../../src/store/durable-object.ts'
import { encoded } from '../support/auth-core.mjs'
import { Browser } from '../support/browser.ts'
import { ironCookies, useH3 } from '../support/sealed-cookies.mjs'
import { secureSessionText } from '../support/secure-session-text.ts'
import { CONTEXT } from '../support/site.ts'

const PASSWORD = 'the old password, of more than 32 characters'

/** A browser to which the old application has sent this cookie. */
function visitor(server: (request: Request) => Promise<Response>, setCookie: string): Browser {
  const browser = new Browser(server)
  const [, name = '', value = ''] = /^([^=]+)=([^;]*)/.exec(setCookie) ?? []
  browser.cookies.set(name, value)
  return browser
}

test('the Worker that follows an application with iron-session knows its users', async () => {
  const bindings = { ...env, IRON_PASSWORD: PASSWORD }
  const server = async (request: Request): Promise<Response> =>
    (await ironSession.fetch(request, bindings, CONTEXT)) ?? new Response(null)
  const data = { userId: 'ada', cart: ['tea'] }
  const [cookie = ''] = await ironCookies('iron-session 9', data, { password: PASSWORD })
  const browser = visitor(server, cookie)
  const copy = browser.copy()
  expect(await browser.json('/')).toEqual({ user: 'ada', cart: ['tea'] })
  expect([...browser.cookies.keys()]).toEqual(['__Host-session'])
  await browser.fetch('/sign-out')
  expect(await browser.json('/')).toEqual({ user: null, cart: [] })
  expect(await copy.json('/')).toEqual({ user: null, cart: [] })

  const cartOnly = await ironCookies('iron-session 8', { cart: ['milk'] }, { password: PASSWORD })
  const guest = visitor(server, cartOnly[0] ?? '')
  expect(await guest.json('/')).toEqual({ user: null, cart: ['milk'] })
  const forged = await ironCookies('iron-session 9', data, { password: `${PASSWORD}!` })
  expect(await visitor(server, forged[0] ?? '').json('/')).toEqual({ user: null, cart: [] })
})

test('the Worker that follows an application with React Router knows its users', async () => {
  const bindings = { ...env, ROUTER_SECRET: 'the old secret' }
  const server = async (request: Request): Promise<Response> =>
    (await reactRouter.fetch(request, bindings, CONTEXT)) ?? new Response(null)
  const secrets = ['the old secret']
  const storage = createCookieSessionStorage({ cookie: { name: '__session', secrets } })
  const session = await storage.getSession()
  session.set('userId', 'ada')
  session.set('cart', ['tea'])
  session.flash('notice', 'Saved.')
  const cookie = await storage.commitSession(session)
  const [phone, laptop] = [visitor(server, cookie), visitor(server, cookie)]
  const first = { user: 'ada', cart: ['tea'], notice: 'Saved.' }
  expect(await phone.json('/')).toEqual(first)
  expect(await phone.json('/')).toEqual({ user: 'ada', cart: ['tea'] })
  expect(await laptop.json('/')).toEqual(first)
  expect([...laptop.cookies.keys()]).toEqual(['__Host-session'])

  const id = crypto.randomUUID()
  await env.SESSION_KV.put(id, JSON.stringify({ userId: 'eve', __flash_notice__: 'Hello.' }))
  const idCookie = await createCookie('__session_id', { secrets }).serialize(id)
  expect(await visitor(server, idCookie).json('/')).toEqual({
    user: 'eve',
    cart: [],
    notice: 'Hello.',
  })
  const forged = await createCookie('__session_id', { secrets: ['a guess'] }).serialize(id)
  expect(await visitor(server, forged).json('/')).toEqual({ user: null, cart: [] })
})

test('a Worker that follows an application with @fastify/secure-session knows its users', async () => {
  const key = new Uint8Array(32).fill(7)
  const bindings = { SESSION_SECRET: env.SESSION_SECRET, FASTIFY_KEY: key.toBase64() }
  const { withSession } = createSessions({
    secrets: ({ SESSION_SECRET }: typeof bindings) => [SESSION_SECRET],
    store: () => durableObjectStore(env.SESSIONS),
    use: [accounts(), adopting(secureSession)],
  })
  const fetch = withSession(async ({ session }) => {
    await session.load()
    return session.userId ?? null
  })
  const server = async (request: Request): Promise<Response> =>
    (await fetch(request, bindings, CONTEXT)) ?? new Response(null)
  const text = JSON.stringify({ userId: 'ada', __ts: Math.round(Date.now() / 1000) })
  const cookie = `session=${encodeURIComponent(secureSessionText(text, key))}`
  const browser = visitor(server, cookie)
  expect(await browser.json('/')).toBe('ada')
  expect([...browser.cookies.keys()]).toEqual(['__Host-session'])
  expect(await browser.json('/')).toBe('ada')
  const guess = new Uint8Array(32)
  const forged = `session=${encodeURIComponent(secureSessionText(text, guess))}`
  expect(await visitor(server, forged).json('/')).toBe(null)
})

describe('a Worker that follows several applications', () => {
  const SECRET = 'the secret of the old application'
  const { hono, h3, cookieSession, authjs } = examples
  const bindings: examples.Env = { SESSION_SECRET: env.SESSION_SECRET, OLD_SECRET: SECRET }
  const { withSession } = createSessions({
    secrets: ({ SESSION_SECRET }: examples.Env) => [SESSION_SECRET],
    store: () => durableObjectStore(env.SESSIONS),
    use: [accounts(), adopting(hono, h3, cookieSession, authjs)],
  })
  const fetch = withSession(async ({ session }) => {
    await session.load()
    return session.userId ?? null
  })
  const newBrowser = (setCookies: readonly string[]): Browser => {
    const browser = new Browser(
      async (request) => (await fetch(request, bindings, CONTEXT)) ?? new Response(null),
    )
    for (const setCookie of setCookies) {
      const [, name = '', value = ''] = /^([^=]+)=([^;]*)/.exec(setCookie) ?? []
      browser.cookies.set(name, value)
    }
    return browser
  }

  async function setByHono(): Promise<string[]> {
    const app = new Hono().get('/', async (c) => {
      await setSignedCookie(c, 'user', 'ada', SECRET)
      return c.body(null)
    })
    return (await app.request('/')).headers.getSetCookie()
  }

  async function setByH3(): Promise<string[]> {
    const options = { password: SECRET, maxAge: 7 * 86_400 }
    return (await useH3('h3 2', options, { data: { userId: 'ada' } })).setCookies
  }

  async function setByAuthjs(): Promise<string[]> {
    const name = '__Secure-authjs.session-token'
    return [`${name}=${await encoded({ sub: 'ada' }, { secret: SECRET, salt: name })}`]
  }

  /** Set by cookie-session 2.1.1 for this user and this key. */
  const SET_BY_COOKIE_SESSION = [
    'session=eyJ1c2VySWQiOiJhZGEiLCJjYXJ0IjpbIlpvw6siXX0=; path=/; secure; httponly',
    'session.sig=H_2Ihsa_cFyBbuJnfo8G0aigjKg; path=/; secure; httponly',
  ]

  test.for<[name: string, setCookies: () => Promise<string[]>]>([
    ['Hono', setByHono],
    ['h3', setByH3],
    ['cookie-session', async () => SET_BY_COOKIE_SESSION],
    ['Auth.js', setByAuthjs],
  ])('knows the users of each: %s', async ([, setCookies]) => {
    const browser = newBrowser(await setCookies())
    expect(await browser.json('/')).toBe('ada')
    expect([...browser.cookies.keys()]).toEqual(['__Host-session'])
    expect(await browser.json('/')).toBe('ada')
  })

  test('knows nobody by a cookie without its signature', async () => {
    const browser = newBrowser(SET_BY_COOKIE_SESSION.slice(0, 1))
    expect(await browser.json('/')).toBe(null)
    expect([...browser.cookies.keys()]).toEqual(['session'])
  })
})
