import { env } from 'cloudflare:workers'
import { describe, expect, test } from 'vitest'

import type { AccountsOptions } from '../../src/accounts.ts'
import { csrfToken } from '../../src/guard/csrf.ts'
import { kvStore } from '../../src/store/kv.ts'
import { memoryStore } from '../../src/store/memory.ts'
import { TestBrowser } from '../../src/testing.ts'
import { type App, type Handler, newApp } from '../support/app.ts'
import type { Browser } from '../support/browser.ts'

const EVERYTHING_ELSE =
  '"cache", "storage", "executionContexts", "clientHints", "prefetchCache", "prerenderCache"'

type Directives = AccountsOptions['clearSiteData']

/** A signed-in visitor of an application that clears this data. */
async function signedIn(
  clearSiteData: Directives,
  store = memoryStore(),
): Promise<{ readonly app: App; readonly browser: Browser }> {
  const app = newApp({ store, accounts: clearSiteData === undefined ? {} : { clearSiteData } })
  const browser = app.browser()
  app.handler = (session) => session.signIn('ada')
  await browser.fetch('/')
  app.events.length = 0
  return { app, browser }
}

/** Signs out, with a response that has this Set-Cookie. */
function signingOut(...cookies: readonly string[]): Handler {
  return async (session) => {
    await session.signOut()
    const headers = new Headers()
    for (const cookie of cookies) headers.append('Set-Cookie', cookie)
    return new Response('bye', { headers })
  }
}

async function cleared(app: App, browser: Browser): Promise<string | null> {
  const response = await browser.fetch('/')
  expect(response.headers.getSetCookie().at(-1)).toMatch(/^__Host-session=; Max-Age=0/)
  expect(app.events.filter(({ type }) => type === 'destroyed')).toHaveLength(1)
  return response.headers.get('Clear-Site-Data')
}

function isReported({ events }: App): boolean {
  return events.some(({ type }) => type === 'cookies-kept')
}

describe.for([
  ['memory', () => memoryStore()],
  ['KV', () => kvStore(env.SESSION_KV)],
] as const)('a sign-out that clears the cookies of the site, on %s', ([, newStore]) => {
  test.for([
    [['cookies'], '"cookies"'],
    [['cache', 'cookies'], '"cache", "cookies"'],
    [['*'], '"*"'],
  ] as const)('says so: %j', async ([directives, header]) => {
    const { app, browser } = await signedIn(directives, newStore())
    app.handler = signingOut()
    expect(await cleared(app, browser)).toBe(header)
    expect(isReported(app)).toBe(false)
  })

  test.for([
    [['cookies'], null],
    [['cache', 'cookies'], '"cache"'],
    [['*'], EVERYTHING_ELSE],
    [['cache', '*'], EVERYTHING_ELSE],
  ] as const)('leaves them out where the response sets one: %j', async ([directives, header]) => {
    const { app, browser } = await signedIn(directives, newStore())
    app.handler = signingOut('notice=bye; Path=/')
    expect(await cleared(app, browser)).toBe(header)
    expect(app.events.filter(({ type }) => type === 'cookies-kept')).toHaveLength(1)
  })
})

test.for([
  ['old=; Max-Age=0; Path=/', true],
  ['old=; path=/; max-age = -1', true],
  ['old=; Expires=Thu, 01 Jan 1970 00:00:00 GMT', true],
  ['new=1; Max-Age=60', false],
  ['new=1; Expires=Fri, 01 Jan 2100 00:00:00 GMT', false],
  ['new=1; Expires=0', false],
  ['new=', false],
] as const)(
  'a response that has Set-Cookie: %s clears the cookies: %s',
  async ([cookie, isAll]) => {
    const { app, browser } = await signedIn(['cookies'])
    app.handler = signingOut(cookie)
    expect(await cleared(app, browser)).toBe(isAll ? '"cookies"' : null)
    expect(isReported(app)).toBe(!isAll)
  },
)

test('a form for the visitor that is signed out keeps its token', async () => {
  const { app, browser } = await signedIn(['*'])
  app.handler = async (session) => {
    await session.signOut()
    return csrfToken(session)
  }
  const response = await browser.fetch('/')
  expect(response.headers.get('Clear-Site-Data')).toBe(EVERYTHING_ELSE)
  expect(isReported(app)).toBe(true)
  expect([...browser.cookies.keys()]).toEqual(['__Host-session-csrf'])
})

test('what a response sets is there after the sign-out, in a browser that heeds the header', async () => {
  const { app } = await signedIn(['cookies'])
  const browser = new TestBrowser((request) =>
    app.sessions.withSession(async ({ session, url }) => {
      if (new URL(url).pathname === '/sign-in') await session.signIn('ada')
      else await session.signOut()
      return new Response('ok', { headers: { 'Set-Cookie': 'notice=1; Path=/' } })
    })(request, undefined, { waitUntil: () => undefined, passThroughOnException: () => undefined }),
  )
  await browser.fetch('/sign-in')
  await browser.fetch('/sign-out')
  expect([...browser.cookies.keys()]).toEqual(['notice'])
})

test('an empty list sends no header', async () => {
  const { app, browser } = await signedIn([])
  app.handler = signingOut()
  expect(await cleared(app, browser)).toBe(null)
})

test('speculations can be cleared', async () => {
  const { app, browser } = await signedIn(['prefetchCache', 'prerenderCache'])
  app.handler = signingOut('notice=bye')
  expect(await cleared(app, browser)).toBe('"prefetchCache", "prerenderCache"')
  expect(isReported(app)).toBe(false)
})
