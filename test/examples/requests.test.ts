import { env } from 'cloudflare:workers'
import { expect, test, vi } from 'vitest'

import { status, unread } from '../../examples/requests/polls.ts'
import { account } from '../../examples/requests/refused.ts'
import { sessions } from '../../examples/requests/sessions.ts'
import { home, signOut } from '../../examples/requests/sign-out.ts'
import { account as listedAccount, sessions as later } from '../../examples/requests/switched-on.ts'
import { Browser } from '../support/browser.ts'

/** Of these tests only: all tests share the lists of users. */
const USER = 'ada@requests.example'

const ROUTES: Record<string, (request: Request, bindings: typeof env) => Promise<Response>> = {
  '/': home,
  '/account': account,
  '/sign-out': signOut,
  '/status': status,
  '/unread': unread,
  '/begin': sessions.withSession(async ({ session }) => {
    await session.signIn(USER)
    session.set('unread', 3)
    return 'begun'
  }),
}

/** A browser of the examples' routes. */
function newBrowser(): Browser {
  return new Browser(async (request) => {
    const route = ROUTES[new URL(request.url).pathname]
    return (await route?.(request, env)) ?? new Response(null, { status: 404 })
  })
}

test('polls do not keep a session alive', async () => {
  const browser = newBrowser()
  await browser.fetch('/begin')
  vi.useFakeTimers({ toFake: ['Date'] })
  try {
    vi.setSystemTime(Date.now() + 29 * 60_000)
    expect(await browser.json('/unread')).toEqual({ unread: 3 })
    expect(await browser.json('/status')).toMatchObject({ isSignedIn: true })
    vi.setSystemTime(Date.now() + 60_000)
    expect(await browser.json('/unread')).toEqual({ unread: 0 })
    expect(await browser.json('/status')).toEqual({ isSignedIn: false, endsAt: null })
  } finally {
    vi.useRealTimers()
  }
})

test('a sign-out has its message, once', async () => {
  const browser = newBrowser()
  await browser.fetch('/begin')
  const out = await browser.fetch('/sign-out', { redirect: 'manual' })
  expect(out.headers.getSetCookie()).toHaveLength(1)
  expect(await (await browser.fetch('/')).text()).toBe('You are signed out.')
  expect(await (await browser.fetch('/')).text()).toBe('Welcome.')
  expect(await browser.json('/status')).toMatchObject({ isSignedIn: false })
})

test('a refusal is a page for a person, and a problem for a script', async () => {
  const browser = newBrowser()
  const page = await browser.fetch('/account', { headers: { 'Sec-Fetch-Mode': 'navigate' } })
  expect([page.status, page.headers.get('Cache-Control')]).toEqual([401, 'private, no-store'])
  expect(await page.text()).toContain('Bitte melden Sie sich an.')
  const data = await browser.fetch('/account')
  expect([data.status, await data.json()]).toEqual([
    401,
    expect.objectContaining({ code: 'ERR_SIGN_IN' }),
  ])
})

test('a session from before the index of users is listed at its next visit', async () => {
  const browser = newBrowser()
  await browser.fetch('/begin')
  expect(await later.user(USER, env).list()).toEqual([])
  const visitor = new Browser(async (request) => listedAccount(request, env))
  visitor.cookies.addAll(browser.cookies)
  expect(await visitor.json('/')).toBe(USER)
  expect(await later.user(USER, env).list()).toHaveLength(1)
  const cookies = (await visitor.fetch('/')).headers.getSetCookie()
  expect(cookies).toEqual([])
})
