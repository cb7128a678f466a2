import { expect, test } from 'vitest'

import { newApp } from '../support/app.ts'

test('an anonymous request that stores nothing makes no store call and sets no cookie', async () => {
  const app = newApp()
  app.handler = async (session) => ({ value: (await session.get('a')) ?? null, id: session.id })
  const response = await app.browser().fetch('/')
  expect(response.status).toBe(200)
  expect(response.headers.getSetCookie()).toEqual([])
  expect(app.calls).toEqual([])
})

test('reading several keys loads the dictionary once', async () => {
  const app = newApp()
  const browser = app.browser()
  app.handler = (session) => {
    session.set('a', 1)
    session.set('b', 2)
    return 'ok'
  }
  await browser.fetch('/')
  expect(app.calls).toEqual(['create'])
  app.calls.length = 0
  app.handler = async (session) => [
    await session.get('a'),
    await session.get('b'),
    await session.keys(),
  ]
  expect(await browser.json('/')).toEqual([1, 2, ['a', 'b']])
  expect(app.calls).toEqual(['read'])
})
