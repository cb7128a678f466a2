import { env } from 'cloudflare:workers'
import { describe, expect, test } from 'vitest'

import { bucketAsKv, withSession as withBucket } from '../../examples/stores/bucket.ts'
import { withSession as withBoth } from '../../examples/stores/switch.ts'
import { page, preferences, sessions } from '../../examples/stores/two-stores.ts'
import { type AccountMethods, accounts } from '../../src/accounts.ts'
import { createSessions, json, type Session, type SessionStore } from '../../src/index.ts'
import { durableObjectStore } from '../../src/store/durable-object.ts'
import { kvStore } from '../../src/store/kv.ts'
import { memoryStore } from '../../src/store/memory.ts'
import { entriesOf, momentAt, newSession, regenerated, setting, START } from '../store/contract.ts'
import { newApp } from '../support/app.ts'
import { Browser } from '../support/browser.ts'
import { CONTEXT } from '../support/site.ts'

const context = CONTEXT as ExecutionContext

describe('sessions in a bucket', () => {
  test('keep what was set, and what was destroyed is gone', async () => {
    const handler = withBucket(async ({ session, url }) => {
      const theme = new URL(url).searchParams.get('theme')
      if (theme !== null) session.set('theme', theme)
      if (url.endsWith('/end')) await session.destroy()
      else return { theme: (await session.get('theme')) ?? null }
      return 'ended'
    })
    const browser = new Browser((request) => handler(request, env, CONTEXT))
    expect(await browser.json('/?theme=dark')).toEqual({ theme: 'dark' })
    expect(await browser.json('/')).toEqual({ theme: 'dark' })
    const copy = browser.copy()
    await browser.fetch('/end')
    expect(await copy.json('/')).toEqual({ theme: null })
    // What is left says when the session ended, until the lifecycle rule deletes it.
    const { objects } = await env.BUCKET.list({ prefix: 'sessions/' })
    const texts = await Promise.all(
      objects.map(async ({ key }) => (await env.BUCKET.get(key))?.text()),
    )
    expect(texts.map((text = '') => JSON.parse(text) as unknown)).toMatchObject([
      { hash: '', entries: {}, endedAt: expect.any(Number) },
    ])
  })

  test.for([
    ['a text of an object, with every kind of character', '{"a":"é鍵\u{1F36A}\\u0000\n"}'],
    ['an empty text', ''],
  ])('are stored as they are given: %s', async ([, text = '']) => {
    const kv = bucketAsKv(env.BUCKET)
    const get = (): Promise<string | null> => kv.get('as-given', { type: 'text' })
    expect(await get()).toBe(null)
    await kv.put('as-given', text, { expirationTtl: 60 })
    expect(await get()).toBe(text)
    await kv.put('as-given', `${text}2`, { expirationTtl: 60 })
    expect(await get()).toBe(`${text}2`)
    await kv.delete('as-given')
    expect(await get()).toBe(null)
    await kv.delete('as-given')
  })

  test('have a new key after each rotation, and their data', async () => {
    const store = kvStore(bucketAsKv(env.BUCKET))
    const old = await newSession(store, { '=a': '1' })
    const renewed = await regenerated(store, old)
    expect(await entriesOf(store, renewed)).toEqual({ '=a': '1' })
    expect(await store.read(old, momentAt(1))).toEqual({ ok: false, gone: 'rotated', at: START })
    await store.destroy(renewed, momentAt(1))
    const late = store.write(renewed, momentAt(2), setting({ '=a': '2' }))
    expect(await late).toEqual({ ok: false, gone: 'ended', at: START + 1 })
  })

  test('can no more than those in KV: an atomic operation is refused', async () => {
    const handler = withBucket(async ({ session }) => session.update('theme', () => 'dark'))
    const request = new Request('https://app.example/')
    await expect(handler(request, env, CONTEXT)).rejects.toMatchObject({ code: 'ERR_NOT_ATOMIC' })
  })
})

describe('two stores in one Worker', () => {
  test('have a cookie each, and neither knows of the other', async () => {
    const add = sessions.withSession(async ({ session }) =>
      session.update('cart', (cart = []) => [...cart, 'tea']),
    )
    const browser = new Browser((request) => {
      const handler = request.url.endsWith('/cart') ? add : page
      return handler(request, env, context)
    })
    await browser.fetch('/?theme=dark')
    expect([...browser.cookies.keys()]).toEqual(['__Host-preferences'])
    await browser.fetch('/cart')
    expect(await browser.json('/')).toEqual({ theme: 'dark', cart: ['tea'] })
    browser.cookies.delete('__Host-session')
    expect(await browser.json('/')).toEqual({ theme: 'dark' })
  })

  test('send the cookie that outlives the browser’s own session for the preferences only', async () => {
    const request = new Request('https://app.example/?theme=dark')
    const response = await page(request, env, context)
    const [setCookie = '', ...others] = response.headers.getSetCookie()
    expect(setCookie).toMatch(/^__Host-preferences=[^;]+; Max-Age=25(92000|91999);/)
    expect(others).toEqual([])
    expect(preferences).not.toBe(sessions)
  })
})

const STORES: [name: string, store: SessionStore][] = [
  ['Durable Objects', durableObjectStore(env.SESSIONS)],
  ['KV', kvStore(env.SESSION_KV)],
  ['memory', memoryStore()],
]
const PAIRS = STORES.flatMap(([from, before]) =>
  STORES.filter(([to]) => to !== from).map(([to, after]) => ({ from, to, before, after })),
)

test.for(PAIRS)(
  'a session of $from is none in $to: there its cookie is anonymous, and no fault',
  async ({ before, after }) => {
    const visitor = newApp({ store: before })
    visitor.handler = (session) => {
      session.set('a', 1)
      return 'ok'
    }
    const browser = visitor.browser()
    await browser.fetch('/')
    const app = newApp({ store: after })
    // In its first minute a session may not be visible on KV yet.
    app.now += 60_000
    app.handler = (session) => session.all()
    const headers = { cookie: browser.cookieHeader() }
    const response = await app.browser().fetch('/', { headers })
    expect(await response.json()).toEqual({})
    expect(app.events).toMatchObject([{ type: 'refused', reason: 'ended' }])
  },
)

describe('changing the store with both at work', () => {
  const former = createSessions({
    data: json<{ cart: string[] }>(),
    secrets: [env.SESSION_SECRET],
    store: kvStore(env.SESSION_KV),
    use: [accounts()],
  })
  const fill = former.withSession(async ({ session }) => {
    await session.signIn('ada')
    session.set('cart', ['tea'])
    return 'ok'
  })
  const read = async (session: Session<{ cart: string[] }> & AccountMethods): Promise<object> => ({
    user: session.userId ?? null,
    cart: (await session.get('cart')) ?? null,
  })
  const own = withBoth(({ session, url }) => {
    if (url.endsWith('/sign-out')) return session.signOut().then(() => 'out')
    if (url.endsWith('/throw')) throw new Error('A fault of the page')
    return read(session)
  })

  /** A visitor whom the former store knows, in front of the Worker that has both. */
  async function newVisitor(): Promise<Browser> {
    const browser = new Browser(async (request) => {
      const handler = request.url.endsWith('/former') ? fill : own
      return (await handler(request, env, context)) ?? new Response(null, { status: 404 })
    })
    await browser.fetch('/former')
    return browser
  }

  test('keeps visitors signed in, and their data', async () => {
    const browser = await newVisitor()
    const copy = browser.copy()
    expect(await browser.json('/')).toEqual({ user: 'ada', cart: ['tea'] })
    expect([...browser.cookies.keys()]).toEqual(['__Host-id'])
    expect(await browser.json('/')).toEqual({ user: 'ada', cart: ['tea'] })
    expect(await copy.json('/')).toEqual({ user: null, cart: null })
  })

  test('loses nothing when the page fails meanwhile', async () => {
    const browser = await newVisitor()
    await expect(browser.fetch('/throw')).rejects.toThrow('A fault of the page')
    expect(await browser.json('/')).toEqual({ user: 'ada', cart: ['tea'] })
  })

  test('lets who signs out with the first request stay out', async () => {
    const browser = await newVisitor()
    await browser.fetch('/sign-out')
    expect([...browser.cookies.keys()]).toEqual([])
    expect(await browser.json('/')).toEqual({ user: null, cart: null })
  })

  test('answers 503 while the former store fails, and brings visitors over afterwards', async () => {
    const browser = await newVisitor()
    const failing = { get: () => Promise.reject(new Error('KV GET failed: 500')) }
    const bindings = { ...env, SESSION_KV: failing as unknown as KVNamespace }
    const headers = { Cookie: browser.cookieHeader() }
    const request = new Request('https://app.example/', { headers })
    const response = await own(request, bindings, context)
    expect(response?.status).toBe(503)
    expect(response?.headers.getSetCookie()).toEqual([])
    expect(await browser.json('/')).toEqual({ user: 'ada', cart: ['tea'] })
  })

  test('gives a stranger no cookie', async () => {
    const response = await own(new Request('https://app.example/'), env, context)
    expect(response?.headers.getSetCookie()).toEqual([])
  })
})
