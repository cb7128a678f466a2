import { env } from 'cloudflare:workers'
import { expect, test } from 'vitest'

import worker from '../../examples/remember/worker.ts'
import { TestBrowser } from '../../src/testing.ts'
import { CONTEXT } from '../support/site.ts'

const COOKIE = '__Host-session'

function visitor(): TestBrowser {
  return new TestBrowser((request) => worker.fetch(request, env, CONTEXT))
}

async function send(
  browser: TestBrowser,
  path: string,
  fields: Record<string, string> = {},
): Promise<number> {
  const body = new URLSearchParams({ name: 'ada', password: 'open sesame', ...fields })
  return (await browser.fetch(path, { method: 'POST', body })).status
}

const ordersOf = async (browser: TestBrowser): Promise<number> =>
  (await browser.fetch('/orders')).status

test('who ticks the box is signed in after a restart of the browser, and nobody else', async () => {
  const [lasting, short] = [visitor(), visitor()]
  expect(await send(lasting, '/login', { remember: 'on' })).toBe(303)
  expect(await send(short, '/login')).toBe(303)
  expect([await ordersOf(lasting), await ordersOf(short)]).toEqual([200, 200])
  for (const browser of [lasting, short]) browser.restart()
  expect([await ordersOf(lasting), await ordersOf(short)]).toEqual([200, 401])
})

test('the cookie lasts 30 days, and still does after the password was asked for again', async () => {
  const browser = visitor()
  await send(browser, '/login', { remember: 'on' })
  expect(await send(browser, '/password')).toBe(200)
  const month = Date.now() + 30 * 86_400_000
  for (const path of ['/login', '/confirm']) {
    expect(await send(browser, path, path === '/login' ? { remember: 'on' } : {})).toBe(303)
    const { expiresAt = 0 } = browser.cookies.details(COOKIE) ?? {}
    expect(Math.abs(expiresAt - month)).toBeLessThan(60_000)
  }
  expect(await send(browser, '/confirm', { name: 'bob' })).toBe(401)
  expect(await send(browser, '/confirm', { password: 'wrong' })).toBe(401)
})
