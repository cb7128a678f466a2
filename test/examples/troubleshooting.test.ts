import { env } from 'cloudflare:workers'
import { describe, expect, test } from 'vitest'

import {
  type Env,
  inFrames,
  onAllSubdomains,
  sessionsFor,
} from '../../examples/troubleshooting/cookies.ts'
import { withCookie } from '../../examples/troubleshooting/gateway.ts'
import { fetchForApp } from '../../examples/troubleshooting/other-origin.ts'
import { showCart } from '../../examples/troubleshooting/types.ts'
import type { Session, Sessions } from '../../src/index.ts'
import { type App, newApp } from '../support/app.ts'
import type { Browser } from '../support/browser.ts'
import { CONTEXT } from '../support/site.ts'

const context = CONTEXT as ExecutionContext

type VisitSessions = Sessions<{ visits: number }, Env, Record<string, unknown>>

/** The Set-Cookie headers of a request that counts a visit. */
async function setCookies({ withSession }: VisitSessions, url: string): Promise<string[]> {
  const handler = withSession(({ session }) => session.increment('visits'))
  const response = await handler(new Request(url), env, CONTEXT)
  return response.headers.getSetCookie()
}

describe('the cookies of the examples', () => {
  test('are not Secure where plain http is declared, and else what they always are', async () => {
    const url = 'http://localhost:8787/'
    expect(await setCookies(sessionsFor({ ...env, PLAIN_HTTP: 'yes' }), url)).toEqual([
      expect.stringMatching(/^session=[^;]+; Path=\/; HttpOnly; SameSite=Lax; Priority=High$/),
    ])
    expect(await setCookies(sessionsFor(env), url)).toEqual([
      expect.stringMatching(
        /^__Host-session=[^;]+; Path=\/; Secure; HttpOnly; SameSite=Lax; Priority=High$/,
      ),
    ])
  })

  test('reach all subdomains, or into frames', async () => {
    expect(await setCookies(onAllSubdomains, 'https://www.shop.example/')).toEqual([
      expect.stringMatching(/^__Secure-session=[^;]+; Domain=shop\.example; Path=\/; Secure;/),
    ])
    expect(await setCookies(inFrames, 'https://shop.example/')).toEqual([
      expect.stringMatching(
        /^__Host-embedded=[^;]+; .*Secure; .*SameSite=None; Partitioned; Priority=High$/,
      ),
    ])
  })
})

describe('another origin', () => {
  const post = (origin: string, headers: Record<string, string> = {}): Promise<Response> =>
    fetchForApp(
      new Request('https://api.shop.example/', {
        method: 'POST',
        headers: { Origin: origin, 'Sec-Fetch-Site': 'same-site', ...headers },
      }),
      env,
      context,
    )

  test('that is trusted gets an answer that its script may read, with the cookie', async () => {
    const response = await post('https://app.shop.example')
    expect(await response.json()).toEqual({ visits: 1 })
    expect(response.headers.get('Access-Control-Allow-Origin')).toBe('https://app.shop.example')
    expect(response.headers.get('Access-Control-Allow-Credentials')).toBe('true')
    expect(response.headers.getSetCookie()).toHaveLength(1)
    expect(response.headers.get('Vary')).toMatch(/Cookie, Origin/)
  })

  test('that is not is refused, and may read nothing', async () => {
    const response = await post('https://evil.example')
    expect(response.status).toBe(403)
    expect(await response.json()).toMatchObject({ code: 'ERR_CROSS_ORIGIN' })
    expect(response.headers.has('Access-Control-Allow-Origin')).toBe(false)
  })

  test('may ask first', async () => {
    const request = new Request('https://api.shop.example/', {
      method: 'OPTIONS',
      headers: { Origin: 'https://app.shop.example' },
    })
    const response = await fetchForApp(request, env, context)
    expect(response.status).toBe(204)
    expect(response.headers.getSetCookie()).toEqual([])
  })
})

describe('a Worker in front that adds a cookie', () => {
  test('keeps the session where it adds to the one header, and hides it where it appends', async () => {
    const app = newApp()
    const browser = app.browser()
    app.handler = (session) => session.increment('n')
    await browser.fetch('/')
    const headers = { Cookie: browser.cookieHeader() }
    const isNew = app.sessions.withSession(({ session }) => session.isNew)
    const answer = async (request: Request): Promise<unknown> =>
      (await isNew(request, {}, CONTEXT)).json()
    const first = new Request('https://app.example/', { headers: { Cookie: 'theme=dark' } })
    expect(
      await answer(withCookie(first, ...(headers.Cookie.split('=', 2) as [string, string]))),
    ).toBe(false)
    const bare = new Request('https://app.example/')
    expect(withCookie(bare, 'theme', 'dark').headers.get('Cookie')).toBe('theme=dark')
    const appended = new Headers(first.headers)
    appended.append('Cookie', headers.Cookie)
    expect(await answer(new Request(first, { headers: appended }))).toBe(true)
  })
})

test('a handler of its own file runs behind withSession', async () => {
  const response = await showCart(new Request('https://app.example/'), {}, CONTEXT)
  expect(await response.json()).toEqual([])
})

describe('why somebody is signed out after a redirect:', () => {
  async function signInWith(
    finish: (session: Session) => unknown,
    app: App = newApp(),
    origin?: string,
  ): Promise<{ app: App; browser: Browser }> {
    const browser = app.browser(origin)
    app.handler = async (session) => {
      await session.signIn('ada')
      return finish(session)
    }
    await browser.fetch('/login').catch(() => undefined)
    app.handler = async (session) => {
      await session.load()
      return session.userId ?? null
    }
    return { app, browser }
  }

  test('not because the response is one', async () => {
    const { browser } = await signInWith(() => Response.redirect('https://app.example/'))
    expect(await browser.json('/')).toBe('ada')
  })

  test('because the redirect was thrown, so that no response had the cookie', async () => {
    const { browser } = await signInWith(() => {
      throw Response.redirect('https://app.example/')
    })
    expect(browser.cookies.size).toBe(0)
  })

  test('because it led to plain http', async () => {
    const { app, browser } = await signInWith(() => 'ok')
    app.events.length = 0
    const http = new Request('http://app.example/', {
      headers: { Cookie: browser.cookieHeader() },
    })
    const handler = app.sessions.withSession(({ session }) => session.isNew)
    expect(await (await handler(http, {}, CONTEXT)).json()).toBe(true)
    expect(app.events).toEqual([{ type: 'refused', reason: 'insecure' }])
  })
})

describe('a request without a session', () => {
  test('is a copy, on which the outer one is not', async () => {
    const { sessions } = newApp()
    const outer = sessions.withSession(async (request) => {
      const copy: Request & { session?: unknown } = new Request(request)
      return { own: typeof request.session, copy: typeof copy.session }
    })
    const response = await outer(new Request('https://app.example/'), {}, CONTEXT)
    expect(await response.json()).toEqual({ own: 'object', copy: 'undefined' })
  })
})

test('a Worker whose clock is an hour ahead finds a session expired', async () => {
  const app = newApp()
  const browser = app.browser()
  app.handler = (session) => session.increment('n')
  await browser.fetch('/')
  app.now += 3_600_000
  await browser.fetch('/')
  expect(app.events.map(({ type }) => type)).toEqual(['created', 'expired', 'created'])
})
