import { env } from 'cloudflare:workers'
import { expect, test } from 'vitest'

import { durableObjectStore } from '../../src/store/durable-object.ts'
import { boundApp, boundVisitor, signIn } from '../support/bound-app.ts'
import { isLetIn } from '../support/bound-checks.ts'

test('a copy from before the registration does not answer where fresh is asked for', async () => {
  const app = boundApp({
    store: durableObjectStore(env.BINDING),
    cached: { maxAgeSeconds: 30 },
  })
  const { browser, device, response } = await signIn(app)
  app.handler = async (session) => session.load()
  await browser.fetch('/')
  const copy = browser.copy()
  await device.register(response)
  expect(await isLetIn(app, copy, {})).toBe(true)
  expect(await isLetIn(app, copy, { fresh: true })).toBe(false)
})

test('after a sign-in in the same request, the binding is that of the new sign-in', async () => {
  const app = boundApp()
  const { browser } = await boundVisitor(app)
  app.handler = async (session) => {
    await session.load()
    const before = session.binding
    await session.signIn('bob')
    return [before, session.binding]
  }
  expect(await browser.json('/')).toEqual(['bound', 'pending'])
})
