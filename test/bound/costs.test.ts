import { runInDurableObject } from 'cloudflare:test'
import { env } from 'cloudflare:workers'
import { describe, expect, test } from 'vitest'

import { durableObjectStore } from '../../src/store/durable-object.ts'
import { BINDING_STORES, boundApp, boundVisitor, signIn } from '../support/bound-app.ts'
import { bindingOf, guard, isLetIn, run } from '../support/bound-checks.ts'

const COOKIE = '__Host-session-bound'

/** Returns the rows that SQLite has written for a session's object since it was loaded. */
async function rowsOf(id = ''): Promise<number> {
  const store = durableObjectStore(env.BINDING)
  const stub = env.BINDING.get(env.BINDING.idFromString(store.idOf(id)))
  return runInDurableObject(stub, (_object, { storage }) =>
    Number(storage.sql.exec('SELECT total_changes() AS rows').one()['rows']),
  )
}

test.for([
  ['alone', 0],
  ['beside data that fills its row', 1900],
  ['beside data of its own row', 5000],
] as const)('a refresh writes one row, %s', async ([, characters]) => {
  const app = boundApp()
  const { browser, device, response } = await signIn(app)
  await run(app, browser, (session) => session.set('data', 'a'.repeat(characters)))
  await device.register(response)
  const before = await rowsOf(device.session?.id)
  app.now += 300_000
  expect((await device.refresh()).status).toBe(200)
  expect((await rowsOf(device.session?.id)) - before).toBe(1)
})

test('a refresh that is refused writes none', async () => {
  const app = boundApp()
  const { device } = await boundVisitor(app)
  const before = await rowsOf(device.session?.id)
  // Its last character but one is another.
  const text = (jws: string): string => `${jws.slice(0, -2)}${jws.at(-2) === 'A' ? 'B' : 'A'}A`
  await device.refresh({ text })
  device.challenge = undefined
  await device.refresh()
  expect(await rowsOf(device.session?.id)).toBe(before)
})

describe.for([...BINDING_STORES])('on the %s store', ([, options]) => {
  test('an anonymous visitor costs nothing', async () => {
    const app = boundApp(options)
    const browser = app.browser()
    app.handler = (session) => session.id
    const response = await browser.fetch('/')
    expect(app.calls).toEqual([])
    expect(response.headers.get('Secure-Session-Registration')).toBeNull()
    expect(await bindingOf(app, browser)).toEqual([null, 'none'])
    expect(await isLetIn(app, browser)).toBe(true)
    expect(app.calls).toEqual([])
    expect(browser.cookies.size).toBe(0)
  })

  test('a request with a good cookie makes no further call', async () => {
    const app = boundApp(options)
    const { browser } = await boundVisitor(app)
    expect(await isLetIn(app, browser)).toBe(true)
    expect(app.calls).toEqual(['read'])
    expect(app.events).toEqual([])
  })

  test('a refresh is no use of the session, and does not send its cookie', async () => {
    const app = boundApp(options)
    const { browser, device } = await boundVisitor(app)
    const session = browser.cookies.get('__Host-session')
    app.now += 1_000_000
    const answer = await device.refreshed()
    expect(answer.headers.getSetCookie()).toEqual([expect.stringContaining(COOKIE)])
    expect(browser.cookies.get('__Host-session')).toBe(session)
    const response = await run(app, browser, async (own) => {
      await own.load({ touch: false })
      return own.expiresAt
    })
    expect(new Date(await response.json<string>()).getTime()).toBe(app.now + 800_000)
  })
})

test('a copy that is older than the binding lets in until its end, but not with fresh', async () => {
  const app = boundApp({ cached: { maxAgeSeconds: 30 } })
  const { browser, device, response } = await signIn(app)
  await device.register(response)
  browser.cookies.delete(COOKIE)
  app.now += 29_999
  expect(await isLetIn(app, browser)).toBe(true)
  app.now += 1
  expect(await isLetIn(app, browser)).toBe(false)
  const other = await signIn(app)
  await other.device.register(other.response)
  other.browser.cookies.delete(COOKIE)
  expect(await isLetIn(app, other.browser, { fresh: true })).toBe(false)
})

test('a write beside a copy that does not know of the binding makes no copy of its own', async () => {
  const app = boundApp({ cached: { maxAgeSeconds: 30 } })
  const { browser, device, response } = await signIn(app)
  await bindingOf(app, browser)
  await device.register(response)
  await run(app, browser, (session) => session.increment('n'))
  browser.cookies.delete(COOKIE)
  expect(await isLetIn(app, browser)).toBe(false)
})

test('a refresh leaves the copies as they are', async () => {
  const app = boundApp({ cached: { maxAgeSeconds: 30 } })
  const { browser, device } = await boundVisitor(app)
  guard(app)
  await browser.fetch('/')
  app.now += 1
  await device.refresh()
  await browser.fetch('/')
  expect(app.calls).toEqual(['prove'])
})
