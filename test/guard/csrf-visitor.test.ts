import { env } from 'cloudflare:workers'
import { describe, expect, test } from 'vitest'

import { adopting } from '../../src/adopt.ts'
import { csrfGuard, csrfToken } from '../../src/guard/csrf.ts'
import type { SessionOptions } from '../../src/index.ts'
import { adoption } from '../../src/migrate/adoption.ts'
import type { Browser } from '../support/browser.ts'
import { STORES } from '../support/old-app.ts'
import { newSite, type Site } from '../support/site.ts'

const SESSION = '__Host-session'
const VISITOR = '__Host-session-csrf'
const MINUTE = 60_000

/** A site with a form at `/form` that is sent to `/send`, and to `/login`, which signs in; both ask for the token always. */
function formSite(options: Partial<SessionOptions<unknown>> = {}): Site {
  const site = newSite(options)
  const { withSession } = site.sessions
  const own = csrfGuard({ requireToken: true })
  site.routes['/form'] = withSession(async ({ session }) => csrfToken(session))
  site.routes['/read-then-form'] = withSession(async ({ session }) => {
    await session.load()
    return csrfToken(session)
  })
  site.routes['/send'] = withSession(own(() => 'sent'))
  site.routes['/read-then-send'] = withSession(async (request, ...rest) => {
    await request.session.load()
    return own(() => 'sent')(request, ...rest)
  })
  site.routes['/login'] = withSession(
    own(async ({ session }) => {
      await session.signIn('ada')
      return 'welcome'
    }),
  )
  return site
}

const formOf = (browser: Browser, path = '/form'): Promise<string> => browser.json<string>(path)

async function send(browser: Browser, csrf: string, path = '/send'): Promise<number> {
  const headers = { 'Sec-Fetch-Site': 'same-origin' }
  const body = new URLSearchParams({ csrf })
  return (await browser.fetch(path, { method: 'POST', headers, body })).status
}

/** The names of the cookies that a response sets, with `-` before those that it clears. */
function cookiesOf(response: Response): string[] {
  return response.headers.getSetCookie().map((setting) => {
    const [name = ''] = setting.split('=', 1)
    return setting.startsWith(`${name}=;`) ? `-${name}` : name
  })
}

describe.for(STORES)('on %s, a visitor without a session', ([, newStore]) => {
  const siteOf = (options: Partial<SessionOptions<unknown>> = {}): Site =>
    formSite({ store: newStore(), ...options })

  test('can send a form, by a cookie of its own, with no call of the store', async () => {
    const site = siteOf()
    const browser = site.browser()
    const response = await browser.fetch('/form')
    expect(response.headers.getSetCookie()).toEqual([
      expect.stringMatching(
        /^__Host-session-csrf=[\w-]{24}\.[\w-]{43}; Path=\/; Secure; HttpOnly; SameSite=Lax; Priority=High$/,
      ),
    ])
    expect(response.headers.get('Cache-Control')).toBe('private, no-store')
    expect(response.headers.get('Vary')).toBe('Cookie')
    expect(await send(browser, await response.json<string>())).toBe(200)
    expect([site.calls, site.events]).toEqual([[], []])
  })

  test('can send the forms of two tabs, and gets one cookie', async () => {
    const browser = siteOf().browser()
    const one = await formOf(browser)
    const response = await browser.fetch('/form')
    expect(cookiesOf(response)).toEqual([])
    const two = await response.json<string>()
    expect(two).not.toBe(one)
    for (const token of [one, two, one]) expect(await send(browser, token)).toBe(200)
  })

  test('can send each form of one page', async () => {
    const site = siteOf()
    site.routes['/forms'] = site.sessions.withSession(async ({ session }) => [
      await csrfToken(session),
      ...(await Promise.all([csrfToken(session), csrfToken(session)])),
    ])
    const browser = site.browser()
    const response = await browser.fetch('/forms')
    expect(cookiesOf(response)).toEqual([VISITOR])
    for (const token of await response.json<string[]>()) {
      expect(await send(browser, token)).toBe(200)
    }
  })

  test('can sign in by a form, whose token and cookie then are gone', async () => {
    const browser = siteOf().browser()
    const token = await formOf(browser)
    const headers = { 'X-CSRF-Token': token }
    const response = await browser.fetch('/login', { method: 'POST', headers })
    expect(response.status).toBe(200)
    expect(cookiesOf(response).toSorted()).toEqual([`-${VISITOR}`, SESSION].toSorted())
    expect(await send(browser, token)).toBe(403)
    await browser.fetch('/sign-out')
    expect(await send(browser, token)).toBe(403)
    expect(await send(browser, await formOf(browser))).toBe(200)
  })

  test('can send the sign-in again if its answer was lost', async () => {
    const browser = siteOf().browser()
    const token = await formOf(browser)
    await send(browser.copy(), token, '/login')
    expect(await send(browser, token, '/login')).toBe(200)
  })

  test.for(['/set', '/sign-in'])(
    'cannot send the form once a session has begun elsewhere, by %s',
    async (path) => {
      const browser = siteOf().browser()
      const token = await formOf(browser)
      await browser.fetch(path)
      expect(await send(browser, token)).toBe(403)
      const page = await browser.fetch('/read-then-form')
      expect(cookiesOf(page)).not.toContain(VISITOR)
      expect(browser.cookies.has(VISITOR)).toBe(false)
      expect(await send(browser, await page.json<string>())).toBe(200)
      await browser.fetch('/sign-out')
      expect(await send(browser, token)).toBe(403)
    },
  )

  test('gets a token that is good in the session that begins in the same request, too', async () => {
    const site = siteOf()
    const { withSession } = site.sessions
    site.routes['/form-and-set'] = withSession(async ({ session }) => {
      const token = await csrfToken(session)
      session.set('a', 1)
      return token
    })
    site.routes['/form-and-sign-in'] = withSession(async ({ session }) => {
      const token = await csrfToken(session)
      await session.signIn('ada')
      return token
    })
    for (const path of ['/form-and-set', '/form-and-sign-in']) {
      const fresh = site.browser()
      const response = await fresh.fetch(path)
      expect(cookiesOf(response)).toEqual([SESSION])
      expect(await send(fresh, await response.json<string>())).toBe(200)
      const known = site.browser()
      await formOf(known)
      const later = await known.fetch(path)
      expect(cookiesOf(later).toSorted()).toEqual([`-${VISITOR}`, SESSION].toSorted())
      expect(await send(known, await later.json<string>())).toBe(200)
    }
  })

  test('is refused with the token of another, of another cookie name, and of another secret', async () => {
    const [store] = [newStore()]
    const site = siteOf({ store })
    const browser = site.browser()
    await formOf(browser)
    const other = site.browser()
    const named = siteOf({ store, cookie: { name: '__Host-other' } }).browser()
    const keyed = siteOf({ store, secrets: ['another secret of at least 32 bytes'] }).browser()
    keyed.cookies.addAll(browser.cookies)
    for (const each of [other, named, keyed]) {
      expect(await send(browser, await formOf(each))).toBe(403)
    }
  })

  test('is refused without the cookie, and with a changed one, and gets a new one', async () => {
    const site = siteOf()
    const browser = site.browser()
    const token = await formOf(browser)
    const value = browser.cookies.get(VISITOR) ?? ''
    const other = site.browser()
    await formOf(other)
    const [otherId] = (other.cookies.get(VISITOR) ?? '').split('.')
    const changed = [
      '',
      'x',
      value.slice(1),
      `${value}A`,
      `${value.startsWith('A') ? 'B' : 'A'}${value.slice(1)}`,
      `${value.slice(0, -1)}${value.endsWith('A') ? 'E' : 'A'}`,
      value.split('.').join(''),
      `${otherId}.${value.split('.')[1]}`,
    ]
    for (const text of changed) {
      const forged = site.browser()
      forged.cookies.set(VISITOR, text)
      expect([text, await send(forged, token)]).toEqual([text, 403])
      const page = await forged.fetch('/form')
      expect(cookiesOf(page)).toEqual([VISITOR])
      expect(await send(forged, await page.json<string>())).toBe(200)
    }
    expect(await send(site.browser(), token)).toBe(403)
    expect(await send(browser, token)).toBe(200)
  })

  test('is refused from another site, with the right token too', async () => {
    const browser = siteOf().browser()
    const headers = { 'X-CSRF-Token': await formOf(browser), 'Sec-Fetch-Site': 'same-site' }
    expect((await browser.fetch('/send', { method: 'POST', headers })).status).toBe(403)
  })

  test('keeps forms and cookie through a rotation of the secret', async () => {
    const store = newStore()
    const browser = siteOf({ store }).browser()
    const token = await formOf(browser)
    const newer = siteOf({
      store,
      secrets: ['a newer secret of at least 32 bytes', env.SESSION_SECRET],
    }).browser()
    newer.cookies.addAll(browser.cookies)
    expect(await send(newer, token)).toBe(200)
    const page = await newer.fetch('/form')
    expect(cookiesOf(page)).toEqual([])
    expect(await send(browser, await page.json<string>())).toBe(403)
    expect(await send(newer, token)).toBe(200)
    const retired = siteOf({ store, secrets: ['a newer secret of at least 32 bytes'] }).browser()
    retired.cookies.addAll(browser.cookies)
    expect(await send(retired, token)).toBe(403)
    expect(await send(retired, await formOf(retired))).toBe(200)
  })

  const endings: [how: string, end: (site: Site, browser: Browser) => unknown][] = [
    ['its idle timeout', (site) => (site.now += 31 * MINUTE)],
    ['its absolute timeout', (site) => (site.now += 13 * 60 * MINUTE)],
    ['a sign-out elsewhere', (_, browser) => browser.copy().fetch('/sign-out')],
  ]
  test.for(endings)('whose session is over, by %s, can send each form', async ([, end]) => {
    const site = siteOf()
    const browser = site.browser()
    await browser.fetch('/sign-in')
    // KV would still know what it has written a moment ago.
    site.now += 2 * MINUTE
    await end(site, browser)
    for (const form of ['/form', '/read-then-form']) {
      for (const path of ['/send', '/read-then-send', '/login']) {
        const visitor = browser.copy()
        const token = await formOf(visitor, form)
        expect([form, path, await send(visitor, token, path)]).toEqual([form, path, 200])
      }
    }
  })

  test('who signs out can send the form on the page that says so', async () => {
    const site = siteOf()
    site.routes['/bye'] = site.sessions.withSession(async ({ session }) => {
      await session.signOut()
      return csrfToken(session)
    })
    const browser = site.browser()
    await browser.fetch('/sign-in')
    const response = await browser.fetch('/bye')
    expect(cookiesOf(response).toSorted()).toEqual([`-${SESSION}`, VISITOR].toSorted())
    expect(await send(browser, await response.json<string>(), '/login')).toBe(200)
  })

  test('whose cookie of an old application was refused can send a form', async () => {
    const old = adoption({ name: 'old', verify: () => undefined, load: () => ({}) })
    const browser = siteOf({ use: [adopting(old)] }).browser()
    browser.cookies.set('old', 'nonsense')
    expect(await send(browser, await formOf(browser))).toBe(200)
  })
})

describe('a visitor’s cookie', () => {
  test.for([
    [{}, '__Host-session-csrf', 'Path=/; Secure; HttpOnly; SameSite=Lax; Priority=High'],
    [
      { sameSite: 'Strict' },
      '__Host-session-csrf',
      'Path=/; Secure; HttpOnly; SameSite=Lax; Priority=High',
    ],
    [
      { name: '__Secure-s', domain: 'app.example', path: '/app', persistent: true },
      '__Host-s-csrf',
      'Path=/; Secure; HttpOnly; SameSite=Lax; Priority=High',
    ],
    [
      { name: '__Host-Http-s', sameSite: 'None', partitioned: true },
      '__Host-s-csrf',
      'Path=/; Secure; HttpOnly; SameSite=None; Partitioned; Priority=High',
    ],
    [
      { name: 's', secure: false, httpOnly: false },
      's-csrf',
      'Path=/; HttpOnly; SameSite=Lax; Priority=High',
    ],
  ] as const)(
    'of a session cookie with %j is %s, for this host only',
    async ([cookie, name, rest]) => {
      const browser = formSite({ cookie }).browser()
      const response = await browser.fetch('/form')
      const [setting = ''] = response.headers.getSetCookie()
      expect(setting.startsWith(`${name}=`)).toBe(true)
      expect(setting.slice(setting.indexOf(';') + 2)).toBe(rest)
      expect(browser.cookies.refused).toEqual([])
      expect(await send(browser, await response.json<string>())).toBe(200)
    },
  )

  test.for(['http://localhost:8787', 'http://127.0.0.1:8787'])('works at %s', async (origin) => {
    const browser = formSite().browser(origin)
    expect(await send(browser, await formOf(browser))).toBe(200)
  })

  test.for([
    ['http://app.example', {}],
    ['https://other.example', { name: '__Secure-s', domain: 'app.example' }],
  ] as const)('is not set at %s with %j', async ([origin, cookie]) => {
    const response = await formSite({ cookie }).browser(origin).fetch('/form')
    expect(response.status).toBe(200)
    expect(response.headers.getSetCookie()).toEqual([])
  })

  test('is set by open() and commit(), too, and not twice where the handler sets it', async () => {
    const { sessions } = formSite()
    const request = new Request('https://app.example/')
    const session = await sessions.open(request, {})
    await csrfToken(session)
    const headers = { 'Set-Cookie': `${VISITOR}=mine; Path=/` }
    expect(cookiesOf(await sessions.commit(session, new Response('', { headers })))).toEqual([
      VISITOR,
    ])
    const again = await sessions.open(new Request('https://app.example/'), {})
    await csrfToken(again)
    expect(cookiesOf(await sessions.commit(again, new Response()))).toEqual([VISITOR])
  })
})
