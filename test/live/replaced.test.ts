import { runDurableObjectAlarm } from 'cloudflare:test'
import { env } from 'cloudflare:workers'
import { expect, test } from 'vitest'

import { watch } from '../../src/live.ts'
import type { Browser } from '../support/browser.ts'
import { type LiveSite, newLiveSite } from './support.ts'

/** A busy machine is no fault of the code. */
const PATIENT = { timeout: 20_000 }

let users = 0
const newUser = (): string => `replaced-${(users += 1)}`

const signIn = (site: LiveSite, browser: Browser, userId = newUser()): Promise<unknown> =>
  site.run(browser, async (session) => {
    await session.signIn(userId)
    return session.id
  })

const watchIn = (site: LiveSite, browser: Browser, room: DurableObjectId): Promise<unknown> =>
  site.run(browser, (session) => watch(session, { namespace: 'WATCHERS', id: String(room) }))

test('a watcher of a user is told when another user takes the session over', async () => {
  const site = newLiveSite()
  const browser = site.browser()
  const room = env.WATCHERS.newUniqueId()
  const told = (): Promise<string[]> => env.WATCHERS.get(room).told()
  const id = await signIn(site, browser)
  await watchIn(site, browser, room)
  expect(await signIn(site, browser)).toBe(id)
  await expect.poll(told, PATIENT).toEqual([`${String(id)} replaced`])
  await watchIn(site, browser, room)
  await site.run(browser, (session) => session.signOut())
  await expect.poll(told, PATIENT).toEqual([`${String(id)} replaced`, `${String(id)} destroyed`])
})

test('a watcher of a visitor is told of nothing when the visitor signs in, or does so again', async () => {
  const site = newLiveSite()
  const browser = site.browser()
  const room = env.WATCHERS.newUniqueId()
  await site.run(browser, (session) => session.set('a', 1))
  await watchIn(site, browser, room)
  const user = newUser()
  await signIn(site, browser, user)
  const id = await signIn(site, browser, user)
  expect(await env.WATCHERS.get(room).told()).toEqual([])
  await signIn(site, browser)
  await expect
    .poll(() => env.WATCHERS.get(room).told(), PATIENT)
    .toEqual([`${String(id)} replaced`])
})

test('a watcher that failed for the former user is told again, and of the end of the next one', async () => {
  const site = newLiveSite()
  const browser = site.browser()
  const room = env.WATCHERS.newUniqueId()
  const told = (): Promise<string[]> => env.WATCHERS.get(room).told()
  const id = String(await signIn(site, browser))
  const stub = env.LIVE_SESSIONS.get(env.LIVE_SESSIONS.idFromString(id))
  await watchIn(site, browser, room)
  await env.WATCHERS.get(room).fail(2)
  await signIn(site, browser)
  await watchIn(site, browser, room)
  const toldByAlarm = async (): Promise<string[]> => {
    await runDurableObjectAlarm(stub)
    return told()
  }
  await expect.poll(toldByAlarm, PATIENT).toEqual([`${id} replaced`])
  // The session of the next user goes on.
  expect(await site.run(browser, (session) => session.load().then(() => session.id))).toBe(id)
  await site.run(browser, (session) => session.destroy())
  await expect.poll(toldByAlarm, PATIENT).toEqual([`${id} replaced`, `${id} destroyed`])
})
