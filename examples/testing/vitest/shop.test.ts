// #region setup
import { env, exports } from 'cloudflare:workers'
import { cookieFor, TestBrowser } from 'edge-session/testing'
import { afterEach, describe, expect, test, vi } from 'vitest'

import { sessions } from '../src/sessions.ts'

function newBrowser(cookie = ''): TestBrowser {
  return new TestBrowser((request) => exports.default.fetch(request), { cookie })
}
// #endregion setup

// #region cookie
test('shows what is in the cart', async () => {
  const cookie = await cookieFor(sessions, env, { data: { cart: ['apple'] } })
  const response = await exports.default.fetch('https://example.com/cart', {
    headers: { Cookie: cookie },
  })
  expect(await response.json()).toEqual(['apple'])
})

test('takes a payment only after two factors', async () => {
  const one = newBrowser(await cookieFor(sessions, env, { userId: 'ada' }))
  expect((await one.fetch('/pay', { method: 'POST' })).status).toBe(403)
  const two = newBrowser(await cookieFor(sessions, env, { userId: 'ada', aal: 2 }))
  expect(await two.json('/pay', { method: 'POST' })).toEqual({ paidBy: 'ada' })
})
// #endregion cookie

// #region browser
test('fills a cart, tab by tab', async () => {
  const browser = newBrowser()
  await browser.fetch('/cart/apple', { method: 'POST' })
  await Promise.all([
    browser.fetch('/cart/pear', { method: 'POST' }),
    browser.fetch('/cart/plum', { method: 'POST' }),
  ])
  expect(await browser.json<string[]>('/cart')).toHaveLength(3)
})

test('welcomes whoever signs in, once', async () => {
  const browser = newBrowser()
  const response = await browser.fetch('/login', { method: 'POST', redirect: 'follow' })
  expect(await response.json()).toEqual({ user: 'ada', notice: 'Welcome, Ada.' })
  expect(await browser.json('/account')).toEqual({ user: 'ada' })
  expect(browser.cookies.details('__Host-session')).toMatchObject({ secure: true, httpOnly: true })
})
// #endregion browser

// #region revocation
test('a stolen cookie opens nothing after a sign-out', async () => {
  const browser = newBrowser(await cookieFor(sessions, env, { userId: 'ada' }))
  const thief = browser.copy()
  await browser.fetch('/sign-out', { method: 'POST' })
  expect(browser.cookies.size).toBe(0)
  expect((await thief.fetch('/account')).status).toBe(401)
})

test('the other devices are signed out from a list', async () => {
  const phone = newBrowser(await cookieFor(sessions, env, { userId: 'grace', label: 'phone' }))
  const [session] = await sessions.user('grace', env).list()
  expect(session).toMatchObject({ label: 'phone' })
  await sessions.user('grace', env).revokeAll()
  expect((await phone.fetch('/account')).status).toBe(401)
})
// #endregion revocation

// #region timeout
const MINUTES = 60_000

function atTime(milliseconds: number): void {
  vi.useFakeTimers({ toFake: ['Date'], now: milliseconds })
}

afterEach(() => {
  vi.useRealTimers()
})

test('a cart is forgotten after half an hour, and not before', async () => {
  const start = Date.now()
  const browser = newBrowser(await cookieFor(sessions, env, { data: { cart: ['apple'] } }))
  atTime(start + 29 * MINUTES)
  expect(await browser.json('/cart')).toEqual(['apple'])
  atTime(start + 29 * MINUTES + 30 * MINUTES)
  expect(await browser.json('/cart')).toEqual([])
})
// #endregion timeout

describe('another site', () => {
  // #region csrf
  test('cannot send a form', async () => {
    const browser = newBrowser(await cookieFor(sessions, env, { userId: 'ada', aal: 2 }))
    const response = await browser.fetch('/pay', { method: 'POST', from: 'cross-site' })
    expect(response.status).toBe(403)
    expect(await response.json()).toMatchObject({ code: 'ERR_CROSS_ORIGIN' })
  })
  // #endregion csrf

  test('cannot from a sibling domain either, whose forms have the cookie with them', async () => {
    const browser = newBrowser(await cookieFor(sessions, env, { userId: 'ada', aal: 2 }))
    const response = await browser.fetch('/pay', { method: 'POST', from: 'same-site' })
    expect(response.status).toBe(403)
  })
})

// #region late
test('a request that a sign-out overtakes saves nothing', async () => {
  const cookie = await cookieFor(sessions, env, { data: { cart: ['apple'] }, userId: 'ada' })
  const request = new Request('https://example.com/checkout', { headers: { Cookie: cookie } })
  // The two halves of withSession, so that something can happen in between.
  const session = await sessions.open(request, env)
  const cart = await session.get('cart')
  await newBrowser(cookie).fetch('/sign-out', { method: 'POST' })
  session.set('cart', [...(cart ?? []), 'pear'])
  const response = await sessions.commit(session, new Response('ordered'))
  expect(response.status).toBe(409)
})
// #endregion late
