import { env } from 'cloudflare:workers'
import { describe, expect, test } from 'vitest'

import { accounts, type AccountsOptions } from '../../src/accounts.ts'
import { createSessions, type SessionOptions } from '../../src/index.ts'
import { memoryStore } from '../../src/store/memory.ts'
import { cookieFor, TestBrowser } from '../../src/testing.ts'
import { CONTEXT } from '../support/site.ts'

type Cookie = NonNullable<SessionOptions<unknown>['cookie']>

/** A small site: `/login` and `/logout`; any other page shows who is signed in, and the cart. */
function newSite(cookie: Cookie, clearSiteData?: AccountsOptions['clearSiteData']) {
  const sessions = createSessions({
    secrets: [env.SESSION_SECRET],
    store: memoryStore(),
    cookie,
    use: [accounts(clearSiteData && { clearSiteData })],
  })
  const fetch = sessions.withSession(async ({ session, url }) => {
    const { pathname } = new URL(url)
    if (pathname.endsWith('/login')) await session.signIn('ada')
    if (pathname.endsWith('/logout')) {
      await session.signOut()
      return null
    }
    await session.load()
    return { user: session.userId ?? null, cart: (await session.get('cart')) ?? null }
  })
  return { sessions, server: (request: Request) => fetch(request, {}, CONTEXT) }
}

const cookieOf = ({ sessions }: ReturnType<typeof newSite>): Promise<string> =>
  cookieFor(sessions, {}, { data: { cart: 1 } })

const DOMAIN = { name: '__Secure-id', domain: 'example.com' }

describe('a cookie of cookieFor', () => {
  test.for<[what: string, cookie: Cookie, origin: string, page: string]>([
    ['the default', {}, 'https://example.com', '/'],
    ['on localhost', {}, 'http://localhost:8787', '/'],
    ['a domain', DOMAIN, 'https://example.com', '/'],
    ['a domain, from a subdomain', DOMAIN, 'https://www.example.com', '/'],
    ['a path', { name: '__Secure-id', path: '/app' }, 'https://example.com', '/app'],
    ['partitioned', { partitioned: true, sameSite: 'None' }, 'https://example.com', '/'],
    ['persistent', { persistent: true }, 'https://example.com', '/'],
  ])('is one with the cookie that a sign-in sets: %s', async ([, cookie, origin, page]) => {
    const site = newSite(cookie)
    const browser = new TestBrowser(site.server, { cookie: await cookieOf(site), origin })
    expect(await browser.json(page)).toEqual({ user: null, cart: 1 })
    await browser.fetch(`${page}/login`.replace('//', '/'), { method: 'POST' })
    expect(browser.cookies.size).toBe(1)
    expect(await browser.json(page)).toEqual({ user: 'ada', cart: 1 })
    await browser.fetch(`${page}/logout`.replace('//', '/'), { method: 'POST' })
    expect(browser.cookies.size).toBe(0)
  })

  test('goes where its path and its domain let it', async () => {
    const withPath = newSite({ name: '__Secure-id', path: '/app' })
    const one = new TestBrowser(withPath.server, { cookie: await cookieOf(withPath) })
    expect([one.cookieHeader('/'), one.cookieHeader('/app/x') === '']).toEqual(['', false])
    const withDomain = newSite(DOMAIN)
    const other = new TestBrowser(withDomain.server, { cookie: await cookieOf(withDomain) })
    expect(other.cookieHeader('https://www.example.com/')).toMatch(/^__Secure-id=/)
    expect(other.cookies.details('__Secure-id')).toMatchObject({
      domain: 'example.com',
      hostOnly: false,
      sameSite: 'Lax',
    })
  })

  test('is kept so beside others, and when a test sets it', async () => {
    const site = newSite(DOMAIN)
    const cookie = await cookieOf(site)
    const browser = new TestBrowser(site.server, { cookie: `theme=dark; ${cookie}` })
    expect(browser.cookies.details('__Secure-id')?.hostOnly).toBe(false)
    expect(browser.cookies.details('theme')?.hostOnly).toBe(true)
    const thief = new TestBrowser(site.server)
    thief.cookies.set('__Secure-id', browser.cookies.get('__Secure-id') ?? '')
    expect(thief.cookies.details('__Secure-id')?.hostOnly).toBe(false)
    expect(browser.copy().cookies.details('__Secure-id')?.hostOnly).toBe(false)
  })

  test('is refused where a browser would not keep it, which says why', async () => {
    const site = newSite(DOMAIN)
    const cookie = await cookieOf(site)
    const elsewhere = new TestBrowser(site.server, { cookie, origin: 'https://app.test' })
    expect(elsewhere.cookies.refused).toEqual([
      { name: '__Secure-id', reason: 'Domain=example.com is not a domain of app.test' },
    ])
    const plain = new TestBrowser(site.server, { cookie, origin: 'http://example.com' })
    expect(plain.cookies.size).toBe(0)
  })
})

describe('Clear-Site-Data', () => {
  function newBrowser(header: string, options: { origin?: string; from?: 'client' } = {}) {
    const server = (): Response =>
      new Response(null, { headers: { 'Clear-Site-Data': header, 'Set-Cookie': 'new=1' } })
    const browser = new TestBrowser(server, options)
    const { origin = 'https://www.example.com' } = options
    const { cookies } = browser
    cookies.keep('a=1; HttpOnly; Path=/deep', new URL(origin))
    cookies.keep('b=1; Secure; Partitioned', new URL('https://shop.example.com/'))
    cookies.keep('c=1; Domain=example.com', new URL('https://example.com/'))
    cookies.keep('d=1', new URL('https://another.example/'))
    return browser
  }

  test.for(['"cookies"', '"cache", "cookies", "storage"', '"*"'])(
    '%s deletes the cookies of the site, and that of the response too',
    async (header) => {
      const browser = newBrowser(header, { origin: 'https://www.example.com' })
      await browser.fetch('/')
      expect([...browser.cookies.keys()]).toEqual(['d'])
    },
  )

  test.for(['"cache", "storage"', 'cookies', '"Cookies"', ''])('%j does not', async (header) => {
    const browser = newBrowser(header, { origin: 'https://www.example.com' })
    await browser.fetch('/')
    expect(browser.cookies.size).toBe(5)
  })

  test('does nothing on plain http, but on this machine, and in a client that is no browser', async () => {
    const plain = newBrowser('"cookies"', { origin: 'http://www.example.com' })
    await plain.fetch('/')
    expect(plain.cookies.size).toBe(5)
    const client = newBrowser('"cookies"', { origin: 'https://www.example.com', from: 'client' })
    await client.fetch('/')
    expect(client.cookies.size).toBe(5)
    const local = newBrowser('"cookies"', { origin: 'http://127.0.0.1:8787' })
    await local.fetch('/')
    expect([...local.cookies.keys()].toSorted()).toEqual(['b', 'c', 'd'])
  })

  test('of a sign-out leaves no cookie of the site', async () => {
    const site = newSite({}, ['cookies'])
    const browser = new TestBrowser(site.server, { cookie: await cookieOf(site) })
    browser.cookies.set('theme', 'dark')
    await browser.fetch('/logout', { method: 'POST' })
    expect(browser.cookies.size).toBe(0)
  })
})
