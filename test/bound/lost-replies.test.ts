import { describe, expect, test } from 'vitest'

import { requireBound } from '../../src/guard/require-bound.ts'
import type { SessionStore } from '../../src/index.ts'
import { BINDING_STORES, type BoundApp, boundApp, signIn } from '../support/bound-app.ts'
import { bindingOf, isLetIn } from '../support/bound-checks.ts'

/** An app whose store makes the calls for a device, and loses the replies on demand (simulated). */
function lossyApp(options: { readonly store: SessionStore }): BoundApp & { isLosing: boolean } {
  const part: SessionStore['part'] = async (...call) => {
    const reply = await options.store.part?.(...call)
    if (app.isLosing) throw new Error('the reply was lost')
    return reply as never
  }
  const app = Object.assign(boundApp({ ...options, store: { ...options.store, part } }), {
    isLosing: false,
  })
  return app
}

describe.for([...BINDING_STORES])('on the %s store', ([, options]) => {
  test('a refresh whose reply is lost is repeated by the browser, with another challenge', async () => {
    const app = lossyApp(options)
    const { browser, device, response } = await signIn(app)
    await device.register(response)
    app.now += 500_000
    const { challenge } = device
    app.isLosing = true
    expect((await device.refresh()).status).toBe(503)
    app.isLosing = false
    // It has not seen another challenge.
    device.challenge = challenge
    expect((await device.refresh()).status).toBe(403)
    expect((await device.refresh()).status).toBe(200)
    expect(app.events.map(({ type }) => type)).not.toContain('bound-stolen')
    app.now += 500_000
    expect(await isLetIn(app, browser)).toBe(true)
  })

  test('a registration whose reply is lost lets nobody in, until the next sign-in', async () => {
    const app = lossyApp(options)
    const { browser, device, response } = await signIn(app)
    app.isLosing = true
    expect((await device.register(response)).status).toBe(503)
    app.isLosing = false
    expect(await bindingOf(app, browser)).toEqual(['ada', 'bound'])
    expect((await device.register(response)).status).toBe(400)
    app.now += 60_000
    const guarded = requireBound({ loginUrl: '/login' })(() => 'in')
    app.handler = (session, request) => guarded(Object.assign(request, { session }), {}, {})
    const page = await browser.fetch('/', { headers: { Accept: 'text/html' } })
    expect([page.status, page.headers.get('Location')]).toEqual([302, '/login?next=%2F'])
    const again = await signIn(app, 'ada', browser)
    expect((await again.device.register(again.response)).status).toBe(200)
    expect((await again.device.refresh()).status).toBe(200)
    expect(await isLetIn(app, browser)).toBe(true)
  })
})
