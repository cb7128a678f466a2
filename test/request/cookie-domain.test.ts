import { describe, expect, test } from 'vitest'

import { sessionStorage } from '../../src/adapter/react-router-storage.ts'
import { matchesDomain } from '../../src/codec/cookie.ts'
import { cookieFor } from '../../src/testing.ts'
import { type App, newApp } from '../support/app.ts'
import { newMovedApp, STORES } from '../support/old-app.ts'

const COOKIE = { name: '__Secure-session', domain: 'shop.example' }

describe('a Domain attribute', () => {
  test.for([
    ['shop.example', 'shop.example'],
    ['www.shop.example', 'shop.example'],
    ['a.b.shop.example', 'shop.example'],
    ['www.shop.example', '.shop.example'],
    ['www.shop.example', 'Shop.EXAMPLE'],
    ['127.0.0.1', '127.0.0.1'],
    ['localhost', 'localhost'],
    ['shop.example.', 'shop.example.'],
  ] as const)('lets %s have a cookie of %s', ([host, domain]) => {
    expect(matchesDomain(host, domain)).toBe(true)
  })

  test.for([
    ['example', 'shop.example'],
    ['other.example', 'shop.example'],
    ['myshop.example', 'shop.example'],
    ['shop.example.evil', 'shop.example'],
    ['shop.example', 'www.shop.example'],
    ['app.workers.dev', 'shop.example'],
    ['localhost', 'shop.example'],
    ['127.0.0.1', '0.0.1'],
    ['127.0.0.1', '.0.0.1'],
    ['[::1]', 'shop.example'],
    // A browser compares them as texts.
    ['shop.example.', 'shop.example'],
    ['shop.example', 'shop.example.'],
    // A public suffix, for which nobody can set a cookie.
    ['shop.example', 'example'],
    ['app.localhost', 'localhost'],
    ['shop.example.', '.'],
  ] as const)('lets %s have no cookie of %s', ([host, domain]) => {
    expect(matchesDomain(host, domain)).toBe(false)
  })
})

describe.for(STORES)('on %s, at a host that is not in cookie.domain', ([, newStore]) => {
  const appOf = (): App => newApp({ store: newStore(), cookie: COOKIE })

  test('nothing is set and nothing is stored, and an event says why, once a request', async () => {
    const app = appOf()
    app.handler = async (session) => {
      session.set('a', 1)
      session.flash('notice', 'x')
      await session.commit()
      await session.signIn('ada')
      await session.regenerate()
      return session.all()
    }
    for (const origin of ['http://localhost:8787', 'https://app.workers.dev']) {
      const response = await app.browser(origin).fetch('/')
      expect(response.status).toBe(200)
      expect(response.headers.getSetCookie()).toEqual([])
    }
    expect(app.calls).toEqual([])
    const refused = { type: 'refused', reason: 'domain-mismatch' }
    expect(app.events.filter(({ type }) => type !== 'signed-in')).toEqual([refused, refused])
  })

  test('a cookie that came is not looked at, and stays', async () => {
    const app = appOf()
    const home = app.browser('https://shop.example')
    app.handler = (session) => session.set('a', 1)
    await home.fetch('/')
    const [[, value] = ['', '']] = [...home.cookies]
    app.calls.length = 0
    app.events.length = 0
    app.handler = async (session) => {
      const all = await session.all()
      await session.destroy()
      return all
    }
    const elsewhere = app.browser('https://app.workers.dev')
    elsewhere.cookies.set(COOKIE.name, value)
    const response = await elsewhere.fetch('/')
    expect(await response.json()).toEqual({})
    expect(response.headers.getSetCookie()).toEqual([])
    expect(app.calls).toEqual([])
    expect(app.events).toEqual([{ type: 'refused', reason: 'domain-mismatch' }])
  })

  test('a request that does not use its session reports nothing', async () => {
    const app = appOf()
    await app.browser('https://app.workers.dev').fetch('/')
    expect(app.events).toEqual([])
  })

  test('an old cookie is left as it is', async () => {
    const app = newMovedApp(newStore(), { cookie: COOKIE })
    app.handler = (session) => session.all()
    const browser = await app.visitor('Ada')
    expect(await browser.json('/')).toEqual({})
    expect([app.loads, app.calls]).toEqual([[], []])
    expect(app.eventTypes()).toEqual(['refused: domain-mismatch'])
    expect(browser.cookies.has('old')).toBe(true)
  })
})

test.for([
  'https://shop.example',
  'https://www.shop.example',
  'https://WWW.Shop.example',
  'https://www.shop.example:8443',
])('at %s a session is kept', async (origin) => {
  const app = newApp({ cookie: COOKIE })
  const browser = app.browser(origin)
  app.handler = (session) => session.increment('n')
  expect(await browser.json('/')).toBe(1)
  expect(await browser.json('/')).toBe(2)
  expect(app.events.map(({ type }) => type)).toEqual(['created'])
})

test('plain http is named before the domain', async () => {
  const app = newApp({ cookie: COOKIE })
  app.handler = (session) => session.increment('n')
  await app.browser('http://other.example').fetch('/')
  expect(app.events).toEqual([{ type: 'refused', reason: 'insecure' }])
})

test('what knows no host has sessions all the same: React Router’s storage, and cookieFor', async () => {
  const app = newApp({ cookie: COOKIE })
  const { getSession, commitSession } = sessionStorage(app.sessions, () => ({}))
  const session = await getSession(null)
  session.set('a', 1)
  const cookie = await commitSession(session)
  expect(cookie).toMatch(/^__Secure-session=1\..*; Domain=shop\.example;/)
  expect((await getSession(cookie.split(';', 1).join(''))).get('a')).toBe(1)
  expect(await cookieFor(app.sessions, {}, { data: { a: 1 } })).toMatch(/^__Secure-session=1\./)
  expect(app.events.map(({ type }) => type)).toEqual(['created', 'created'])
})
