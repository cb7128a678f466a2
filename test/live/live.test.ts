import { expect, test } from 'vitest'

import { newLiveSite, openSocket } from './support.ts'

test('tells a socket of a sign-out, and closes it with 4401', async () => {
  const site = newLiveSite()
  const browser = site.browser()
  await browser.fetch('/sign-in')
  const socket = await openSocket(browser)
  await browser.fetch('/set')
  await browser.fetch('/regenerate')
  await browser.fetch('/sign-out')
  expect(await socket.until(4)).toEqual([
    { type: 'changed', keys: ['a'], revision: 1 },
    { type: 'renewed' },
    { type: 'ended', reason: 'destroyed' },
    [4401],
  ])
})
