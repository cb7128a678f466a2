import { describe, expect, test } from 'vitest'

import { BINDING_STORES, boundApp, boundVisitor, deviceOf, signIn } from '../support/bound-app.ts'
import { guard, isLetIn } from '../support/bound-checks.ts'
import { Browser } from '../support/browser.ts'
import { CONTEXT } from '../support/site.ts'
import { SoftDevice } from '../support/soft-device.ts'

const COOKIE = '__Host-session-bound'
const PAGE = { headers: { Accept: 'text/html', 'Sec-Fetch-Site': 'same-origin' } }

describe.for([...BINDING_STORES])('on the %s store', ([, options]) => {
  test('a late registration of a session that the browser has left takes no cookie from the present one', async () => {
    const app = boundApp(options)
    const first = await signIn(app)
    first.browser.cookies.clear()
    const { browser, device, response } = await signIn(app, 'ada', first.browser)
    expect((await device.register(response)).status).toBe(200)
    const own = browser.cookies.get(COOKIE)
    const late = await first.device.register(first.response)
    expect([late.status, late.headers.getSetCookie()]).toEqual([400, []])
    expect(browser.cookies.get(COOKIE)).toBe(own)
    expect(await isLetIn(app, browser)).toBe(true)
  })

  test('an older cookie of the same name before the session’s own is in nobody’s way', async () => {
    // As a browser sends a cookie of the host, from before the name had a domain.
    const cookie = { name: '__Secure-id', domain: 'app.example' }
    const app = boundApp({ ...options, cookie })
    const { browser: former } = await signIn(app)
    const old = `__Secure-id=${former.cookies.get('__Secure-id')}`
    app.handler = (session) => session.signOut()
    await former.fetch('/')
    const { browser, response } = await signIn(app)
    const sendBoth = app.sessions.withSession(() => 'ok')
    const both = new Browser(async (request) => {
      const headers = new Headers(request.headers)
      headers.set('Cookie', `${old}; ${headers.get('Cookie')}`)
      return (await sendBoth(new Request(request, { headers }), {}, CONTEXT)) ?? new Response()
    })
    both.cookies.addAll(browser.cookies)
    const device = new SoftDevice((path, init) => both.fetch(path, init))
    expect((await device.register(response)).status).toBe(200)
    app.now += 1
    const refreshed = await device.refresh()
    expect(refreshed.headers.getSetCookie()).toHaveLength(1)
    expect(await refreshed.json()).toMatchObject({ session_identifier: device.session?.id })
  })

  test('a registration without any cookie binds, as after a redirect from another site', async () => {
    const app = boundApp(options)
    const { response } = await signIn(app)
    expect((await deviceOf(app.browser()).register(response)).status).toBe(200)
  })

  test('a page with the cookie of another session loads again, and the browser gets its own', async () => {
    const app = boundApp(options)
    const former = await boundVisitor(app)
    const { browser, device } = await boundVisitor(app)
    // Its refresh had no cookie of a session, and has replaced that of the present one.
    const cookie = former.browser.cookies.get(COOKIE) ?? ''
    browser.cookies.set(COOKIE, cookie)
    guard(app, { loginUrl: '/login' })
    const response = await browser.fetch('/', PAGE)
    expect(response.status).toBe(200)
    expect(await response.text()).toContain('<meta http-equiv="refresh" content="0;')
    expect(browser.cookies.get(COOKIE)).toBeUndefined()
    expect(app.events).toMatchObject([{ type: 'bound-refused', reason: 'reload' }])
    expect((await device.refresh()).status).toBe(200)
    expect(await (await browser.fetch('/', PAGE)).text()).toBe('in')
    // A client that keeps the cookie is refused in the end.
    const answers: number[] = []
    while (answers.length < 6) {
      browser.cookies.set(COOKIE, cookie)
      // oxlint-disable-next-line no-await-in-loop -- each has the count of the one before
      answers.push((await browser.fetch('/', PAGE)).status)
    }
    expect(answers).toEqual([200, 200, 200, 200, 302, 302])
  })
})
