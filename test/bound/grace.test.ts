import { expect, test } from 'vitest'

import { requireBound } from '../../src/guard/require-bound.ts'
import { boundApp, boundVisitor, signIn } from '../support/bound-app.ts'
import { isLetIn } from '../support/bound-checks.ts'

test('where a binding is required, a new sign-in has graceSeconds to register', async () => {
  const app = boundApp()
  const { browser } = await signIn(app)
  const guarded = requireBound({ unbound: 'refuse', graceSeconds: 30 })(
    async () => new Response('secret'),
  )
  app.handler = (session, request) => guarded(Object.assign(request, { session }), {}, {})
  app.now += 29_999
  expect((await browser.fetch('/')).status).toBe(200)
  app.now += 1
  expect((await browser.fetch('/')).status).toBe(401)
})

test('a request that left before the browser had its cookie is let in, for graceSeconds', async () => {
  const app = boundApp()
  const { browser } = await boundVisitor(app)
  browser.cookies.delete('__Host-session-bound')
  expect(await isLetIn(app, browser, { graceSeconds: 60 })).toBe(true)
  expect(app.events).toEqual([])
  app.now += 59_999
  expect(await isLetIn(app, browser, { graceSeconds: 60 })).toBe(true)
  app.now += 1
  expect(await isLetIn(app, browser, { graceSeconds: 60 })).toBe(false)
  // Another sign-in has a grace of its own, and a copy of the former cookie has none.
  const copy = browser.copy()
  await signIn(app, 'ada', browser)
  browser.cookies.delete('__Host-session-bound')
  expect(await isLetIn(app, browser, { graceSeconds: 60 })).toBe(true)
  app.handler = async (session) => {
    await session.load()
    return session.userId ?? null
  }
  expect(await copy.json('/')).toBe(null)
})
