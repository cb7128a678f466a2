import { describe, expect, test } from 'vitest'

import { type App, type AppSession, newApp } from '../support/app.ts'
import { newKv } from '../support/worlds.ts'

// A location of KV returns a session for up to a minute after a user's object has ended it. The isolate that asked for
// that knows better. Staleness and rate are simulated (StaleKv).

type Change = (session: AppSession) => unknown

async function signedIn(): Promise<{ app: App; browser: ReturnType<App['browser']> }> {
  const { index, ...options } = newKv()
  const app = newApp({ ...options, accounts: { index } })
  const browser = app.browser()
  app.handler = async (session) => {
    await session.signIn('ada')
    session.set('cart', 1)
  }
  await browser.fetch('/')
  return { app, browser }
}

async function found(app: App, browser: ReturnType<App['browser']>): Promise<unknown> {
  app.handler = async (session) => [await session.all(), session.userId ?? null]
  return browser.json('/')
}

describe.for([false, true])(
  'a session that this request has revoked, read before: %s,',
  (isRead) => {
    test.for<[what: string, change: Change]>([
      ['set', (session) => session.set('a', 1)],
      ['clear', (session) => session.clear()],
      ['commit', (session) => session.commit()],
      ['regenerate', (session) => session.regenerate()],
    ])('is not written back by %s', async ([, change]) => {
      const { app, browser } = await signedIn()
      const copy = browser.copy()
      app.handler = async (session) => {
        if (isRead) await session.load()
        session.set('late', 1)
        await app.sessions.user('ada', {}).revokeAll()
        // As long as KV takes to accept another write of the key.
        app.now += 2000
        await change(session)
      }
      expect((await browser.fetch('/')).status).toBe(409)
      expect(browser.cookies.size).toBe(0)
      app.now += 60_000
      expect(await found(app, copy)).toEqual([{}, null])
    })

    test('can be destroyed', async () => {
      const { app, browser } = await signedIn()
      app.handler = async (session) => {
        if (isRead) await session.load()
        await app.sessions.user('ada', {}).revokeAll()
        await session.destroy()
      }
      expect((await browser.fetch('/')).status).toBe(200)
      expect(browser.cookies.size).toBe(0)
    })

    test.for<[what: string, change: Change]>([
      ['regenerate', (session) => session.regenerate()],
      ['sign-in', (session) => session.signIn('bob')],
    ])('can be destroyed with a %s that waits for the commit', async ([, change]) => {
      const { app, browser } = await signedIn()
      app.handler = async (session) => {
        if (isRead) await session.load()
        await change(session)
        await app.sessions.user('ada', {}).revokeAll()
        await session.destroy()
      }
      expect((await browser.fetch('/')).status).toBe(200)
      expect(browser.cookies.size).toBe(0)
      expect(await app.sessions.user('bob', {}).list()).toEqual([])
    })

    test.for(['ada', 'bob'])('is followed by a new one when %s signs in', async (userId) => {
      const { app, browser } = await signedIn()
      app.handler = async (session) => {
        if (isRead) await session.load()
        await app.sessions.user('ada', {}).revokeAll()
        await session.signIn(userId)
      }
      expect((await browser.fetch('/')).status).toBe(200)
      app.now += 60_000
      expect(await found(app, browser)).toEqual([{}, userId])
      expect(await app.sessions.user(userId, {}).list()).toHaveLength(1)
    })

    test.for([
      ['ada', 409, null],
      ['bob', 200, 'bob'],
    ] as const)(
      'after a sign-in of %s that waits for the commit',
      async ([userId, status, after]) => {
        const { app, browser } = await signedIn()
        app.handler = async (session) => {
          if (isRead) await session.load()
          await session.signIn(userId)
          await app.sessions.user('ada', {}).revokeAll()
        }
        expect((await browser.fetch('/')).status).toBe(status)
        app.now += 60_000
        expect(await found(app, browser)).toEqual([{}, after])
      },
    )
  },
)
