import { describe, expect, test } from 'vitest'

import { BINDING_STORES, boundApp, boundVisitor, signIn } from '../support/bound-app.ts'
import { bindingOf, isLetIn } from '../support/bound-checks.ts'

const COOKIE = '__Host-session-bound'
const SKEW = 300_000
const GRACE = { graceSeconds: 60 }

describe.for([...BINDING_STORES])('on the %s store', ([, options]) => {
  test('the clock of the Worker that signs in, ahead, makes the grace no longer', async () => {
    const app = boundApp(options)
    app.now += SKEW
    const { browser, device, response } = await signIn(app)
    app.now -= SKEW
    expect((await device.register(response)).status).toBe(200)
    browser.cookies.delete(COOKIE)
    expect(await isLetIn(app, browser, GRACE)).toBe(true)
    app.now += 59_999
    expect(await isLetIn(app, browser, GRACE)).toBe(true)
    app.now += 1
    for (let minute = 0; minute < 10; minute += 1) {
      // oxlint-disable-next-line no-await-in-loop
      expect(await isLetIn(app, browser, GRACE)).toBe(false)
      app.now += 60_000
    }
    expect((await device.refreshed()).status).toBe(200)
    expect(await isLetIn(app, browser, GRACE)).toBe(true)
  })

  test('after another sign-in, the grace is that of the last one', async () => {
    const app = boundApp(options)
    const { browser } = await boundVisitor(app)
    app.now += SKEW
    const again = await signIn(app, 'ada', browser)
    browser.cookies.delete(COOKIE)
    expect(await isLetIn(app, browser, GRACE)).toBe(true)
    app.now += 30_000
    expect((await again.device.register(again.response)).status).toBe(200)
    browser.cookies.delete(COOKIE)
    app.now += 29_999
    expect(await isLetIn(app, browser, GRACE)).toBe(true)
    app.now += 1
    expect(await isLetIn(app, browser, GRACE)).toBe(false)
  })

  test('where a binding is required, a clock ahead gives no grace at first', async () => {
    const app = boundApp(options)
    app.now += SKEW
    const { browser } = await signIn(app)
    app.now -= SKEW
    expect(await isLetIn(app, browser, { ...GRACE, unbound: 'refuse' })).toBe(false)
  })

  test('a grace of 0 seconds is none, also by a clock that is ahead', async () => {
    const app = boundApp(options)
    const { browser, device, response } = await signIn(app)
    app.now -= 1
    await device.register(response)
    browser.cookies.delete(COOKIE)
    expect(await isLetIn(app, browser, { graceSeconds: 0 })).toBe(false)
  })

  test.for([-SKEW, SKEW])(
    'a sign-in by a clock that differs by %i ms binds the session',
    async (by) => {
      const app = boundApp(options)
      app.now += by
      const { browser, device, response } = await signIn(app)
      app.now -= by
      expect((await device.register(response)).status).toBe(200)
      expect(await bindingOf(app, browser)).toEqual(['ada', 'bound'])
      expect((await device.refresh()).status).toBe(200)
      expect(await isLetIn(app, browser)).toBe(true)
    },
  )

  test.for([-SKEW, SKEW])(
    'a refresh by a clock that differs by %i ms is followed by others',
    async (by) => {
      const app = boundApp(options)
      const { browser, device } = await boundVisitor(app)
      for (const step of [by, -by, -by, by]) {
        app.now += step
        // oxlint-disable-next-line no-await-in-loop -- each has the challenge of the last
        expect((await device.refreshed()).status).toBe(200)
        // oxlint-disable-next-line no-await-in-loop
        expect(await isLetIn(app, browser)).toBe(true)
      }
    },
  )
})
