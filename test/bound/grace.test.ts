import { expect, test } from 'vitest'

import { requireBound } from '../../src/guard/require-bound.ts'
import { boundApp, signIn } from '../support/bound-app.ts'

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
