import { describe, expect, test } from 'vitest'

import { requireBound } from '../../src/guard/require-bound.ts'
import { type AppOptions, newApp } from '../support/app.ts'
import {
  BINDING_STORES,
  type BoundApp,
  boundApp,
  boundVisitor,
  signIn,
} from '../support/bound-app.ts'
import { guard } from '../support/bound-checks.ts'
import type { Browser } from '../support/browser.ts'

const COOKIE = '__Host-session-bound'
const HTML = { Accept: 'text/html,application/xhtml+xml,*/*;q=0.8' }
const ID = expect.any(String)
const [, [, memory]] = BINDING_STORES

/** An app, and a browser whose session is bound and whose device has not renewed its cookie. */
async function lapsed(options: AppOptions = {}): Promise<{ app: BoundApp; browser: Browser }> {
  const app = boundApp({ ...memory, ...options })
  const { browser } = await boundVisitor(app)
  app.now += 600_000
  app.events.length = 0
  return { app, browser }
}

describe('a request from the device', () => {
  test('is let in, with what the handler gets', async () => {
    const app = boundApp(memory)
    const { browser } = await boundVisitor(app)
    const guarded = requireBound()<Request, never, string, number, unknown>(
      ({ method }, env, ctx) => [method, env, ctx],
    )
    app.handler = (session, request) =>
      guarded(Object.assign(request, { session }) as never, 'env', 1)
    expect(await browser.json('/')).toEqual(['GET', 'env', 1])
    app.now += 599_999
    expect(await browser.json('/', { method: 'POST' })).toEqual(['POST', 'env', 1])
    expect(app.events).toEqual([])
  })

  test.for([
    ['of another session', 'other'],
    ['that is a challenge', 'challenge'],
    ['that is changed', 'changed'],
    ['that is empty', 'empty'],
  ] as const)('is refused with a cookie %s', async ([, kind]) => {
    const app = boundApp(memory)
    const [ada, eve] = [await boundVisitor(app), await boundVisitor(app, 'eve')]
    const own = ada.browser.cookies.get(COOKIE) ?? ''
    const values = {
      other: eve.browser.cookies.get(COOKIE),
      challenge: ada.device.challenge,
      changed: own.replace(/\.(\w)/, (_, first: string) => `.${first === 'z' ? 'y' : 'z'}`),
      empty: '',
    }
    ada.browser.cookies.set(COOKIE, values[kind] ?? '')
    guard(app)
    expect((await ada.browser.fetch('/')).status).toBe(401)
    ada.browser.cookies.set(COOKIE, own)
    expect((await ada.browser.fetch('/')).status).toBe(200)
  })

  test('with two cookies of the name is let in by the one that counts', async () => {
    const app = boundApp(memory)
    const { browser } = await boundVisitor(app)
    guard(app)
    for (const pair of [`${COOKIE}=x`, `${COOKIE}=x.y.z`]) {
      const header = browser.cookieHeader()
      // oxlint-disable-next-line no-await-in-loop
      const response = await browser.fetch('/', { headers: { Cookie: `${pair}; ${header}` } })
      expect(response.status).toBe(200)
    }
  })
})

describe('a session that is bound, without its cookie', () => {
  test('is refused to a script, which is reported', async () => {
    const { app, browser } = await lapsed()
    guard(app, { loginUrl: '/login' })
    const response = await browser.fetch('/')
    expect(response.status).toBe(401)
    expect(response.headers.get('Content-Type')).toBe('application/problem+json')
    expect(response.headers.get('Cache-Control')).toBe('private, no-store')
    expect(await response.json()).toEqual({
      title: 'Unauthorized',
      status: 401,
      code: 'ERR_BOUND',
      detail: 'This session belongs to another device. Sign in again.',
    })
    expect(app.events).toEqual([{ type: 'bound-refused', reason: 'missing', id: ID }])
    const posted = await browser.fetch('/', { method: 'POST', headers: HTML })
    expect(posted.status).toBe(401)
  })

  test.for(['cross-site', 'same-site'] as const)(
    'loads a page again that another site has opened (%s)',
    async (from) => {
      const { app, browser } = await lapsed({ cookie: { sameSite: 'lax' } })
      guard(app, { loginUrl: '/login' })
      const headers = { ...HTML, 'Sec-Fetch-Site': from }
      const response = await browser.fetch('/', { headers })
      expect(response.status).toBe(200)
      expect(response.headers.get('Content-Type')).toBe('text/html; charset=utf-8')
      expect(response.headers.get('Cache-Control')).toBe('private, no-store')
      const page = await response.text()
      expect(page).toContain('<meta http-equiv="refresh" content="0;url=./">')
      expect(page).not.toBe('in')
      expect(app.events).toEqual([{ type: 'bound-refused', reason: 'reload', id: ID }])
      // The page's own request is the site's.
      const again = await browser.fetch('/', {
        headers: { ...HTML, 'Sec-Fetch-Site': 'same-origin' },
      })
      expect([again.status, again.headers.get('Location')]).toEqual([302, '/login?next=%2F'])
      const script = await browser.fetch('/', { headers: { 'Sec-Fetch-Site': from } })
      expect(script.status).toBe(401)
      const form = await browser.fetch('/', { method: 'POST', headers })
      expect(form.status).toBe(401)
    },
  )

  test.for(['same-origin', 'none', undefined])(
    'sends a page to the sign-in, or refuses it (%s)',
    async (site) => {
      const { app, browser } = await lapsed()
      const headers = { ...HTML, ...(site !== undefined && { 'Sec-Fetch-Site': site }) }
      guard(app, { loginUrl: '/login' })
      const response = await browser.fetch('/a?b=1', { headers })
      expect(response.status).toBe(302)
      expect(response.headers.get('Location')).toBe('/login?next=%2Fa%3Fb%3D1')
      guard(app)
      expect((await browser.fetch('/', { headers })).status).toBe(401)
    },
  )

  test('is told to try again if its browser says that it could not renew the cookie', async () => {
    const { app, browser } = await lapsed()
    guard(app, { loginUrl: '/login' })
    const skipped = {
      'Secure-Session-Skipped': 'server_error;session_identifier="a"',
    }
    const script = await browser.fetch('/', { headers: skipped })
    expect(script.status).toBe(401)
    const detail = 'The browser could not prove its key. Try again in a few seconds.'
    expect(await script.json()).toMatchObject({ code: 'ERR_BOUND', detail })
    const page = await browser.fetch('/', { headers: { ...HTML, ...skipped } })
    expect(page.status).toBe(401)
    expect(await page.text()).toContain('Try again in a few seconds.')
    const refused = { type: 'bound-refused', reason: 'skipped', id: ID }
    expect(app.events).toEqual([refused, refused])
  })

  test('is let in, and reported, as long as nothing is enforced', async () => {
    const { app, browser } = await lapsed({ bound: { enforce: false } } as AppOptions)
    guard(app, { unbound: 'refuse' })
    expect(await (await browser.fetch('/')).text()).toBe('in')
    const headers = { ...HTML, 'Sec-Fetch-Site': 'cross-site' }
    expect(await (await browser.fetch('/', { headers })).text()).toBe('in')
    expect(await (await app.browser().fetch('/')).text()).toBe('in')
    expect(app.events).toEqual([
      { type: 'bound-refused', reason: 'missing', id: ID },
      { type: 'bound-refused', reason: 'reload', id: ID },
      { type: 'bound-refused', reason: 'unbound', id: ID },
    ])
  })

  test('is refused in words of one’s own', async () => {
    const { app, browser } = await lapsed({
      onRefused: ({ code }) => new Response(code, { status: 418 }),
    })
    guard(app)
    const response = await browser.fetch('/')
    expect([response.status, await response.text()]).toEqual([418, 'ERR_BOUND'])
  })
})

describe('a session that is not bound', () => {
  test('is let in by default, signed in or not', async () => {
    const app = boundApp(memory)
    const { browser } = await signIn(app)
    app.events.length = 0
    guard(app)
    expect((await browser.fetch('/')).status).toBe(200)
    app.now += 1_000_000
    expect((await browser.fetch('/')).status).toBe(200)
    expect((await app.browser().fetch('/')).status).toBe(200)
    expect(app.events).toEqual([])
  })

  test('is refused by option, from the end of the grace on', async () => {
    const app = boundApp(memory)
    const { browser } = await signIn(app)
    app.events.length = 0
    const statusWith = async (graceSeconds?: number): Promise<number> => {
      const options = {
        unbound: 'refuse',
        ...(graceSeconds !== undefined && { graceSeconds }),
      } as const
      const guarded = requireBound(options)(() => new Response('in'))
      app.handler = (session, request) => guarded(Object.assign(request, { session }), {}, {})
      return (await browser.fetch('/', { headers: { ...HTML, 'Sec-Fetch-Site': 'cross-site' } }))
        .status
    }
    expect(await statusWith(0)).toBe(401)
    app.now += 59_999
    expect(await statusWith()).toBe(200)
    app.now += 1
    expect(await statusWith()).toBe(401)
    expect(await statusWith(60.001)).toBe(200)
    const refused = { type: 'bound-refused', reason: 'unbound', id: ID }
    expect(app.events).toEqual([refused, refused])
    guard(app, { unbound: 'refuse' })
    const response = await browser.fetch('/')
    expect(await response.json()).toMatchObject({
      code: 'ERR_BOUND',
      detail: expect.stringContaining('needs a browser that can prove its device'),
    })
  })

  test('is refused by option to visitors, who are sent to the sign-in', async () => {
    const app = boundApp(memory)
    guard(app, { unbound: 'refuse', graceSeconds: 1e9, loginUrl: '/login' })
    const response = await app.browser().fetch('/', { headers: HTML })
    expect([response.status, response.headers.get('Location')]).toEqual([302, '/login?next=%2F'])
    expect((await app.browser().fetch('/')).status).toBe(401)
  })
})

describe('requireBound() refuses to work', () => {
  test.for([
    { unbound: 'deny' },
    { graceSeconds: -1 },
    { graceSeconds: Number.NaN },
    { graceSeconds: Infinity },
    { graceSeconds: '60' },
  ])('with %j', (options) => {
    expect(() => requireBound(options as never)).toThrow(
      "ERR_OPTION: requireBound(): unbound must be 'pass' or 'refuse', and graceSeconds a number of seconds.",
    )
  })

  test('without bound(), and outside withSession', async () => {
    const app = newApp(memory) as unknown as BoundApp
    guard(app)
    await expect(app.browser().fetch('/')).rejects.toThrow(
      'ERR_OPTION: requireBound() needs bound(). Write use: [accounts(), bound()] with edge-session/bound.',
    )
    const guarded = requireBound()(() => 'in')
    await expect(guarded(new Request('https://a.example') as never, {}, {})).rejects.toThrow(
      'ERR_OPTION: There is no session on the request.',
    )
  })
})
