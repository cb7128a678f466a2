import { describe, expect, test } from 'vitest'

import { requireBound } from '../../src/guard/require-bound.ts'
import { BINDING_STORES, boundApp, boundVisitor, deviceOf, signIn } from '../support/bound-app.ts'

const COOKIE = '__Host-session-bound'

describe.for([...BINDING_STORES])('bound() on the %s store', ([, options]) => {
  test('asks the browser to register after a sign-in, and binds the session', async () => {
    const app = boundApp(options)
    const { browser, device, response } = await signIn(app)
    const offer = response.headers.get('Secure-Session-Registration')
    expect(offer).toMatch(/^\(ES256\);path="\/dbsc\/register";challenge="[\w.-]+"$/)
    app.handler = async (session) => {
      await session.load()
      return session.binding
    }
    expect(await browser.json('/')).toBe('pending')
    app.calls.length = 0
    const answer = await device.register(response)
    expect(answer.status).toBe(200)
    expect(app.calls).toEqual(['bind'])
    const [setting = ''] = answer.headers.getSetCookie()
    const [pair = '', ...attributes] = setting.split('; ')
    expect(pair).toMatch(/^__Host-session-bound=[\w.-]+$/)
    expect(attributes).toEqual(['Max-Age=600', 'Path=/', 'Secure', 'HttpOnly', 'SameSite=Lax'])
    expect(await answer.json()).toEqual({
      session_identifier: device.session?.id,
      refresh_url: '/dbsc/refresh',
      scope: { include_site: false },
      credentials: [
        { type: 'cookie', name: COOKIE, attributes: 'Path=/; Secure; HttpOnly; SameSite=Lax' },
      ],
    })
    expect(await browser.json('/')).toBe('bound')
  })

  test('a refresh is one call, and gives the next cookie', async () => {
    const app = boundApp(options)
    const { browser, device } = await boundVisitor(app)
    const before = browser.cookies.get(COOKIE)
    app.now += 500_000
    const answer = await device.refresh()
    expect(answer.status).toBe(200)
    expect(app.calls).toEqual(['prove'])
    expect(browser.cookies.get(COOKIE)).not.toBe(before)
    expect(app.events).toEqual([{ type: 'bound-refreshed', id: expect.any(String) }])
  })

  test('requireBound refuses a copy of the session cookie from the end of the bound cookie on', async () => {
    const app = boundApp(options)
    const { browser, device } = await boundVisitor(app)
    const guarded = requireBound()(async () => new Response('secret'))
    app.handler = (session, request) => guarded(Object.assign(request, { session }), {}, {})
    expect(await (await browser.fetch('/')).text()).toBe('secret')
    const thief = browser.copy()
    app.now += 600_000
    expect((await thief.fetch('/')).status).toBe(401)
    expect((await browser.fetch('/')).status).toBe(401)
    expect((await device.refreshed()).status).toBe(200)
    expect((await browser.fetch('/')).status).toBe(200)
    expect((await thief.fetch('/')).status).toBe(401)
    const forger = deviceOf(thief)
    Object.assign(forger, { session: device.session })
    expect((await forger.refreshed()).status).toBe(403)
    expect(app.events.map(({ type }) => type)).toContain('bound-stolen')
    expect((await thief.fetch('/')).status).toBe(401)
  })

  test('of racing registrations one wins', async () => {
    const app = boundApp(options)
    for (let round = 0; round < 100; round += 1) {
      const { browser, device, response } = await signIn(app)
      const other = deviceOf(browser)
      const answers = await Promise.all([device.register(response), other.register(response)])
      expect(answers.map(({ status }) => status).toSorted()).toEqual([200, 400])
    }
  })

  test('after a sign-out the refresh is told to end', async () => {
    const app = boundApp(options)
    const { browser, device } = await boundVisitor(app)
    app.handler = async (session) => session.signOut()
    await browser.fetch('/')
    expect(browser.cookies.get(COOKIE)).toBeUndefined()
    const id = device.session?.id
    const answer = await device.refresh()
    expect(await answer.json()).toEqual({ session_identifier: id, continue: false })
  })
})

test('a cookie that is not valid is deleted, so that the browser gets another', async () => {
  const app = boundApp()
  const { browser } = await boundVisitor(app)
  const other = await boundVisitor(app, 'bob')
  browser.cookies.set(COOKIE, other.browser.cookies.get(COOKIE) ?? '')
  const guarded = requireBound({ graceSeconds: 0 })(async () => new Response('secret'))
  app.handler = (session, request) => guarded(Object.assign(request, { session }), {}, {})
  const response = await browser.fetch('/')
  expect(response.status).toBe(401)
  expect(response.headers.getSetCookie()).toEqual([
    `${COOKIE}=; Max-Age=0; Path=/; Secure; HttpOnly; SameSite=Lax`,
  ])
})

test('binding is not known before the session was read', async () => {
  const app = boundApp()
  const { browser } = await boundVisitor(app)
  app.handler = async (session) => {
    await session.increment('n')
    return session.binding
  }
  await expect(browser.fetch('/')).rejects.toThrow('ERR_NOT_LOADED: ')
})
