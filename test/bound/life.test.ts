import { env } from 'cloudflare:workers'
import { describe, expect, test } from 'vitest'

import { bound } from '../../src/bound.ts'
import { remembering } from '../../src/remember.ts'
import { renewing } from '../../src/renew.ts'
import { userIndex } from '../../src/store/user-index.ts'
import {
  BINDING_STORES,
  type BoundApp,
  boundApp,
  type BoundSession,
  boundVisitor,
  deviceOf,
  signIn,
} from '../support/bound-app.ts'
import { bindingOf, expectEnd, isLetIn, run } from '../support/bound-checks.ts'

const COOKIE = '__Host-session-bound'
const MINUTE = 60_000

describe.for([...BINDING_STORES])('on the %s store', ([, options]) => {
  const withIndex = { ...options, accounts: { index: userIndex(env.USERS) } }

  test('a second sign-in replaces the key, and not the identifier', async () => {
    const app = boundApp(options)
    const { browser, device } = await boundVisitor(app)
    const id = device.session?.id
    const oldCookie = browser.cookies.get(COOKIE) ?? ''
    app.now += 5 * MINUTE
    const second = await signIn(app, 'ada', browser)
    // Until the next key is there, the first one holds.
    expect(await bindingOf(app, browser)).toEqual(['ada', 'bound'])
    expect((await device.refresh()).status).toBe(200)
    expect((await second.device.register(second.response)).status).toBe(200)
    expect(second.device.session?.id).toBe(id)
    app.events.length = 0
    expect((await device.refreshed()).status).toBe(403)
    expect(app.events.map(({ type }) => type)).toContain('bound-stolen')
    const newCookie = browser.cookies.get(COOKIE) ?? ''
    expect(newCookie).not.toBe(oldCookie)
    browser.cookies.set(COOKIE, oldCookie)
    expect(await isLetIn(app, browser)).toBe(true)
    app.now += 5 * MINUTE - 1
    expect(await isLetIn(app, browser)).toBe(true)
    app.now += 1
    expect(await isLetIn(app, browser)).toBe(false)
    browser.cookies.set(COOKIE, newCookie)
    expect(await isLetIn(app, browser)).toBe(true)
    expect((await second.device.refresh()).status).toBe(200)
  })

  test('the registration of a former sign-in is refused after the next one', async () => {
    const app = boundApp(options)
    const first = await signIn(app)
    app.now += 1
    const second = await signIn(app, 'ada', first.browser)
    expect((await first.device.register(first.response)).status).toBe(400)
    expect((await second.device.register(second.response)).status).toBe(200)
    expect((await first.device.register(first.response)).status).toBe(400)
    expect((await second.device.refresh()).status).toBe(200)
  })

  test('another user’s sign-in over the session drops the binding', async () => {
    const app = boundApp(options)
    const ada = await boundVisitor(app)
    app.now += 1
    const eve = await signIn(app, 'eve', ada.browser)
    expect(await bindingOf(app, ada.browser)).toEqual(['eve', 'pending'])
    await expectEnd(app, ada)
    app.now += 5 * MINUTE
    expect(await bindingOf(app, ada.browser)).toEqual(['eve', 'none'])
    app.now -= 5 * MINUTE
    expect((await eve.device.register(eve.response)).status).toBe(200)
    expect(await bindingOf(app, ada.browser)).toEqual(['eve', 'bound'])
    expect((await eve.device.refresh()).status).toBe(200)
  })

  test('regenerate() changes neither the binding nor the identifier', async () => {
    const app = boundApp(options)
    const { browser, device } = await boundVisitor(app)
    const id = device.session?.id
    const stolen = browser.copy()
    const response = await run(app, browser, (session) => session.regenerate())
    expect(response.headers.get('Secure-Session-Registration')).toBeNull()
    expect(await bindingOf(app, browser)).toEqual(['ada', 'bound'])
    expect((await device.refresh()).status).toBe(200)
    expect(device.session?.id).toBe(id)
    expect(await isLetIn(app, browser)).toBe(true)
    expect(await bindingOf(app, stolen)).toEqual([null, 'none'])
  })

  test('renewing() changes neither', async () => {
    const app = boundApp({
      ...options,
      use: [bound(), renewing({ everySeconds: 60 })],
    })
    const { browser, device } = await boundVisitor(app)
    const before = browser.cookies.get('__Host-session')
    app.now += 2 * MINUTE
    const response = await run(app, browser, (session) => session.get('a'))
    expect(browser.cookies.get('__Host-session')).not.toBe(before)
    expect(response.headers.get('Secure-Session-Registration')).toBeNull()
    expect(await isLetIn(app, browser)).toBe(true)
    expect((await device.refresh()).status).toBe(200)
  })

  test('a remembered session is bound as long as it lasts', async () => {
    const app = boundApp({
      ...options,
      accounts: { remember: remembering({ idleTimeout: 90_000, absoluteTimeout: 90_000 }) },
    })
    const browser = app.browser()
    const device = deviceOf(browser)
    const signingIn = await run(app, browser, (session) =>
      session.signIn('ada', { remember: true }),
    )
    expect((await device.register(signingIn)).status).toBe(200)
    app.now += 89_999_000
    expect((await device.refreshed()).status).toBe(200)
    expect(await isLetIn(app, browser)).toBe(true)
    app.now += 1000
    await expectEnd(app, { device })
  })

  test.for([
    ['signOut()', (session: BoundSession) => session.signOut()],
    ['destroy()', (session: BoundSession) => session.destroy()],
  ] as const)('%s ends the binding, and deletes the cookie', async ([, end]) => {
    const app = boundApp(options)
    const visitor = await boundVisitor(app)
    const thief = visitor.browser.copy()
    const response = await run(app, visitor.browser, end)
    expect(response.headers.getSetCookie()).toContain(
      `${COOKIE}=; Max-Age=0; Path=/; Secure; HttpOnly; SameSite=Lax`,
    )
    expect(await bindingOf(app, thief)).toEqual([null, 'none'])
    await expectEnd(app, visitor)
  })

  test('a browser without the cookie of the device is told to delete none', async () => {
    const app = boundApp(options)
    const { browser } = await signIn(app)
    const response = await run(app, browser, (session) => session.signOut())
    expect(response.headers.getSetCookie()).toHaveLength(1)
  })

  test.for([
    ['the idle timeout', { idleTimeout: 1200 }],
    ['the absolute timeout', { idleTimeout: 1200, absoluteTimeout: 1200 }],
  ] as const)('no proof extends %s', async ([, timeouts]) => {
    const app = boundApp({ ...options, ...timeouts })
    const visitor = await boundVisitor(app)
    for (const minutes of [8, 8, 3.99]) {
      app.now += minutes * MINUTE
      // oxlint-disable-next-line no-await-in-loop -- one after the other
      expect((await visitor.device.refresh()).status).toBe(200)
    }
    app.now += 0.01 * MINUTE
    await expectEnd(app, visitor)
    expect(await bindingOf(app, visitor.browser)).toEqual([null, 'none'])
  })

  test('a registration extends no timeout, and comes too late for a session that has ended', async () => {
    const app = boundApp({ ...options, idleTimeout: 240 })
    const [early, late] = [await signIn(app), await signIn(app)]
    app.now += 4 * MINUTE - 1
    expect((await early.device.register(early.response)).status).toBe(200)
    app.now += 1
    await expectEnd(app, early)
    expect((await late.device.register(late.response)).status).toBe(400)
    expect(await bindingOf(app, late.browser)).toEqual([null, 'none'])
  })

  test('the former secret’s cookies and challenges count as long as it is in the list', async () => {
    const app = boundApp(options)
    const { browser, device } = await boundVisitor(app)
    const pending = await signIn(app)
    const SECRETS = ['a'.repeat(40), env.SESSION_SECRET] as const
    const rotated = boundApp({ ...options, secrets: SECRETS, clock: app })
    const later = boundApp({ ...options, secrets: [SECRETS[0]], clock: app })
    const moved = rotated.browser()
    moved.cookies.addAll(browser.cookies)
    expect(await isLetIn(rotated, moved)).toBe(true)
    const { session, challenge } = device
    const send = async (at: BoundApp, jti = challenge): Promise<Response> =>
      at.browser().fetch('/dbsc/refresh', {
        method: 'POST',
        headers: {
          'Sec-Secure-Session-Id': session?.id ?? '',
          'Secure-Session-Response': await device.proof(jti),
        },
      })
    expect((await send(later)).status).toBe(403)
    const renewed = await send(rotated)
    expect(renewed.status).toBe(200)
    const next = /^"([^"]*)"/.exec(renewed.headers.get('Secure-Session-Challenge') ?? '')?.[1]
    expect((await send(later, next)).status).toBe(200)
    const proofless = deviceOf(rotated.browser())
    expect((await proofless.register(pending.response)).status).toBe(200)
  })

  test.runIf(options.store.name === 'durable-object').for([
    ['revoke', async (app: BoundApp, id: string) => app.sessions.user('ada', env).revoke(id)],
    ['revokeAll', async (app: BoundApp) => app.sessions.user('ada', env).revokeAll()],
  ] as const)('%s ends the binding', async ([, revoke]) => {
    const app = boundApp(withIndex)
    const visitor = await boundVisitor(app)
    app.handler = (session) => session.id
    await revoke(app, await visitor.browser.json<string>('/'))
    await expectEnd(app, visitor)
    expect(await isLetIn(app, visitor.browser)).toBe(true)
    expect(await bindingOf(app, visitor.browser)).toEqual([null, 'none'])
  })
})
