import { env } from 'cloudflare:workers'
import { expect, test } from 'vitest'

import { durableObjectStore } from '../../src/store/durable-object.ts'
import { userIndex } from '../../src/store/user-index.ts'
import { type App, newApp } from '../support/app.ts'
import type { Browser } from '../support/browser.ts'

/** The same application before and after `index` was added, and a browser that signed in before. */
async function switchedOn(userId: string): Promise<{ app: App; old: Browser }> {
  const store = durableObjectStore(env.SESSIONS)
  const before = newApp({ store })
  const browser = before.browser()
  before.handler = (session) => session.signIn(userId)
  await browser.fetch('/')
  const app = newApp({ store, accounts: { index: userIndex(env.USERS) } })
  app.now = before.now + 1000
  const old = app.browser()
  old.cookies.addAll(browser.cookies)
  return { app, old }
}

const who = async (session: Parameters<App['handler']>[0]): Promise<string | null> => {
  await session.load()
  return session.userId ?? null
}

test('revokeAll does not see a session that was signed in before the index was added', async () => {
  const { app, old } = await switchedOn('ada-of-before')
  app.handler = who
  expect(await old.json('/')).toBe('ada-of-before')
  const user = app.sessions.user('ada-of-before', env)
  expect(await user.list()).toEqual([])
  expect(await user.revokeAll()).toBe(0)
  expect(await old.json('/')).toBe('ada-of-before')
})

test('a regenerate puts such a session on the list, so that revokeAll ends it', async () => {
  const { app, old } = await switchedOn('bob-of-before')
  app.handler = (session) => session.regenerate()
  await old.fetch('/')
  const user = app.sessions.user('bob-of-before', env)
  expect(await user.list()).toHaveLength(1)
  expect(await user.revokeAll()).toBe(1)
  app.handler = who
  expect(await old.json('/')).toBe(null)
})
