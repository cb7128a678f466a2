import { env } from 'cloudflare:workers'
import { expect, test } from 'vitest'

import * as former from '../fixtures/protocol-1.mjs'
import { boundApp, boundVisitor } from '../support/bound-app.ts'
import { bindingOf, isLetIn } from '../support/bound-checks.ts'
import { Browser } from '../support/browser.ts'

const CONTEXT = { waitUntil: () => undefined, passThroughOnException: () => undefined }

/** Has a Worker of the former version, over objects of this one, run something with the browser's session. */
async function atFormer(
  { cookies }: Browser,
  handler: (session: former.FormerSession) => unknown,
): Promise<unknown> {
  const layer = former.createSessions({
    secrets: [env.SESSION_SECRET],
    store: former.durableObjectStore(env.BINDING),
  })
  const fetch = layer.withSession(async ({ session }) => (await handler(session)) ?? null)
  const browser = new Browser((request) => fetch(request, {}, CONTEXT))
  browser.cookies.addAll(cookies)
  const response = await browser.fetch('/')
  cookies.addAll(browser.cookies)
  expect(response.status).toBe(200)
  return response.json()
}

test('a Worker of the former version sees no binding, and leaves it as it is', async () => {
  const app = boundApp()
  const { browser, device } = await boundVisitor(app)
  await atFormer(browser, (session) => session.set('cart', 'a'))
  expect(await atFormer(browser, (session) => session.all())).toEqual({ cart: 'a' })
  await atFormer(browser, (session) => session.take('cart'))
  await atFormer(browser, (session) => session.regenerate())
  expect(await bindingOf(app, browser)).toEqual(['ada', 'bound'])
  expect((await device.refresh()).status).toBe(200)
  app.now += 1000
  expect(await isLetIn(app, browser)).toBe(true)
})
