import { env } from 'cloudflare:workers'
import { describe, expect, test } from 'vitest'

import type { SessionStore } from '../../src/index.ts'
import { durableObjectStore } from '../../src/store/durable-object.ts'
import { kvStore } from '../../src/store/kv.ts'
import { memoryStore } from '../../src/store/memory.ts'
import { type App, newApp } from '../support/app.ts'
import type { Browser } from '../support/browser.ts'

const STORES: readonly (readonly [name: string, newStore: () => SessionStore])[] = [
  ['objects', () => durableObjectStore(env.SESSIONS)],
  ['memory', () => memoryStore()],
  ['kv', () => kvStore(env.SESSION_KV)],
]
const LATER = 2000

async function signedIn(app: App): Promise<Browser> {
  const browser = app.browser()
  app.handler = async (session) => {
    await session.signIn('ada')
    session.set('n', 1)
  }
  await browser.fetch('/')
  app.now += LATER
  return browser
}

const NOBODY = { data: {}, messages: {}, user: null }

async function stateOf(app: App, browser: Browser): Promise<unknown> {
  app.now += LATER
  app.handler = async (session) => {
    const data = await session.all()
    return { data, messages: await session.flashes(), user: session.userId ?? null }
  }
  return browser.json('/')
}

/** Returns a handler that signs out, leaves a message and throws. */
function signOutAndThrow(app: App): (request: Request, env: object) => Promise<Response> {
  return app.sessions.withSession(async ({ session }) => {
    await session.signOut()
    session.flash('notice', 'out')
    throw new Error('no template')
  })
}

describe.for(STORES)('a handler that throws after signOut() and flash, on %s', ([, newStore]) => {
  test('leaves an outer handler without a session: nothing is read of the old one, and nothing kept', async () => {
    const app = newApp({ store: newStore() })
    const browser = await signedIn(app)
    const inner = signOutAndThrow(app)
    app.handler = async (session, request) => {
      session.set('n', 5)
      await session.commit()
      session.flash('notice', 'of the outer one')
      await expect(inner(request, {})).rejects.toThrow('no template')
      await expect(session.get('n')).rejects.toThrow('ERR_SESSION_ENDED')
      expect(() => session.set('secret', 'of ada')).toThrow('ERR_SESSION_ENDED')
      return 'sorry'
    }
    const response = await browser.fetch('/')
    expect(response.status).toBe(200)
    expect(browser.cookies.size).toBe(0)
    expect(await stateOf(app, browser)).toEqual(NOBODY)
  })

  test('leaves it a message of its own', async () => {
    const app = newApp({ store: newStore() })
    const browser = await signedIn(app)
    const inner = signOutAndThrow(app)
    app.handler = async (session, request) => {
      await expect(inner(request, {})).rejects.toThrow('no template')
      session.flash('error', 'sorry')
    }
    await browser.fetch('/')
    expect(await stateOf(app, browser)).toEqual({ ...NOBODY, messages: { error: 'sorry' } })
  })

  test('and an inner one that throws later leaves the message of the outer one', async () => {
    const app = newApp({ store: newStore() })
    const browser = await signedIn(app)
    const inner = app.sessions.withSession(({ session }) => {
      session.flash('lost', 'inner')
      throw new Error('no template')
    })
    app.handler = async (session, request) => {
      await session.signOut()
      session.flash('notice', 'out')
      await expect(inner(request, {})).rejects.toThrow('no template')
    }
    await browser.fetch('/')
    expect(await stateOf(app, browser)).toEqual({ ...NOBODY, messages: { notice: 'out' } })
  })
})
