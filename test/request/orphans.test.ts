import { env } from 'cloudflare:workers'
import { describe, expect, test } from 'vitest'

import { durableObjectStore } from '../../src/store/durable-object.ts'
import { kvStore } from '../../src/store/kv.ts'
import { memoryStore } from '../../src/store/memory.ts'
import { userIndex } from '../../src/store/user-index.ts'
import { type App, type Handler, newApp } from '../support/app.ts'

const STORES = { objects: () => durableObjectStore(env.SESSIONS), memory: () => memoryStore() }
const AWAITED: Record<string, Handler> = {
  increment: (session) => session.increment('n'),
  commit: async (session) => {
    session.set('a', 1)
    await session.commit()
  },
  'signIn of a new visitor': (session) => session.signIn('ada'),
}

function failAfter(work: Handler): Handler {
  return async (session, request) => {
    await work(session, request)
    throw new Error('after')
  }
}

/** The names of the sessions' events so far. */
function lives(app: App): { readonly created: number; readonly destroyed: number } {
  const count = (type: string): number => app.events.filter((event) => event.type === type).length
  return { created: count('created'), destroyed: count('destroyed') }
}

describe.for(Object.entries(STORES))(
  'an error that leaves without our response, on %s',
  ([, newStore]) => {
    test.for(Object.entries(AWAITED))(
      'leaves no session that nobody has the cookie of: %s',
      async ([, work]) => {
        const app = newApp({ store: newStore() })
        app.handler = failAfter(work)
        await expect(app.browser().fetch('/')).rejects.toThrow('after')
        expect(lives(app)).toEqual({ created: 1, destroyed: 1 })
      },
    )

    test('leaves none after a regenerate', async () => {
      const app = newApp({ store: newStore() })
      const browser = app.browser()
      app.handler = (session) => session.increment('n')
      await browser.fetch('/')
      app.handler = failAfter((session) => session.regenerate())
      await expect(browser.fetch('/')).rejects.toThrow('after')
      expect(lives(app)).toEqual({ created: 1, destroyed: 1 })
      app.handler = (session) => session.all()
      expect(await browser.json('/')).toEqual({})
    })

    test('keeps a session whose cookie the browser has', async () => {
      const app = newApp({ store: newStore() })
      const browser = app.browser()
      app.handler = (session) => session.increment('n')
      await browser.fetch('/')
      app.handler = failAfter((session) => session.increment('n'))
      await expect(browser.fetch('/')).rejects.toThrow('after')
      app.handler = (session) => session.get('n')
      expect(await browser.json('/')).toBe(2)
    })

    test('of an inner wrapper, which the outer one catches, ends nothing', async () => {
      const app = newApp({ store: newStore() })
      const browser = app.browser()
      app.handler = async (_, request) => {
        const inner = app.sessions.withSession(async ({ session }) => {
          await session.increment('n')
          throw new Error('inner')
        })
        const context = { waitUntil: () => undefined, passThroughOnException: () => undefined }
        await inner(request, {}, context).catch(() => undefined)
        return 'ok'
      }
      expect((await browser.fetch('/')).headers.getSetCookie()).toHaveLength(1)
      app.handler = (session) => session.get('n')
      expect(await browser.json('/')).toBe(1)
    })

    test('in a framework that commits later ends nothing', async () => {
      const app = newApp({ store: newStore() })
      const request = new Request('https://app.example/')
      const session = await app.sessions.open(request, {})
      const context = { waitUntil: () => undefined, passThroughOnException: () => undefined }
      const inner = app.sessions.withSession(async (same) => {
        await same.session.increment('n')
        throw new Error('inner')
      })
      await expect(inner(request, {}, context)).rejects.toThrow('inner')
      const response = await app.sessions.commit(session, new Response('error', { status: 500 }))
      expect(response.headers.getSetCookie()).toHaveLength(1)
      expect(lives(app)).toEqual({ created: 1, destroyed: 0 })
    })
  },
)

test('a sign-in on KV that is dropped with its handler stays on no list', async () => {
  const index = userIndex(env.USERS)
  const app = newApp({
    store: kvStore(env.SESSION_KV),
    accounts: { index, limit: { max: 1, whenFull: 'refuse' } },
  })
  const userId = crypto.randomUUID()
  app.handler = failAfter((session) => session.signIn(userId))
  await expect(app.browser().fetch('/')).rejects.toThrow('after')
  expect(await app.sessions.user(userId, {}).list()).toEqual([])
  // Its place is free, too.
  app.handler = (session) => session.signIn(userId).then(() => 'in')
  expect(await app.browser().json('/')).toBe('in')
})

describe.for(Object.entries(STORES))(
  'a store that fails after a token was issued, on %s',
  ([, newStore]) => {
    /** A store whose writes fail while `isDown`. */
    function newUnsteadyApp(): { app: App; fault: { isDown: boolean } } {
      const fault = { isDown: false }
      const store = newStore()
      const write: typeof store.write = (...parameters) => {
        if (fault.isDown) throw new Error('down')
        return store.write(...parameters)
      }
      return { app: newApp({ store: { ...store, write } }), fault }
    }

    const ISSUING: Record<string, Handler> = {
      regenerate: (session) => session.regenerate(),
      signIn: (session) => session.signIn('ada'),
    }

    test.for(Object.entries(ISSUING))('sends its cookie with the 503: %s', async ([, issue]) => {
      const { app, fault } = newUnsteadyApp()
      const browser = app.browser()
      app.handler = (session) => session.increment('n')
      await browser.fetch('/')
      app.handler = async (session, request) => {
        await issue(session, request)
        fault.isDown = true
        session.set('a', 1)
        return 'ok'
      }
      const response = await browser.fetch('/')
      expect(response.status).toBe(503)
      expect(response.headers.getSetCookie()).toHaveLength(1)
      fault.isDown = false
      app.handler = (session) => session.all()
      expect(await browser.json('/')).toEqual({ n: 1 })
    })

    test('sends no cookie if the store did not issue it', async () => {
      const { app, fault } = newUnsteadyApp()
      const browser = app.browser()
      app.handler = (session) => session.increment('n')
      await browser.fetch('/')
      fault.isDown = true
      const response = await browser.fetch('/')
      expect([response.status, response.headers.getSetCookie()]).toEqual([503, []])
    })
  },
)
