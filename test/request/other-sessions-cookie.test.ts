import { expect, test } from 'vitest'

import { newApp } from '../support/app.ts'

test('a layer that ends its session leaves the cookie of another session on the response', async () => {
  const app = newApp()
  const other = newApp()
  const context = { waitUntil: () => undefined, passThroughOnException: () => undefined }
  const begin = other.sessions.withSession(({ session }) => {
    session.set('other', 1)
    return 'ok'
  })
  const browser = app.browser()
  app.handler = (session) => session.set('own', 1)
  await browser.fetch('/')
  app.handler = async (session) => {
    const response = await begin(new Request('https://app.example/'), {}, context)
    await session.destroy()
    return response
  }
  await browser.fetch('/')
  app.handler = (session) => session.all()
  expect(await browser.json('/')).toEqual({ other: 1 })
})
