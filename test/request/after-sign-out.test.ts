import { env } from 'cloudflare:workers'
import { describe, expect, test } from 'vitest'

import { memoryStore } from '../../src/store/memory.ts'
import { userIndex } from '../../src/store/user-index.ts'
import { type App, type Handler, newApp } from '../support/app.ts'
import type { Browser } from '../support/browser.ts'
import { EVERY_STORE } from '../support/every-store.ts'

const flashes: Handler = (session) => session.flashes()
const NAME = '__Host-session='
/** The time between two requests, for a store that takes one write a second for each key. */
const LATER = 2000

async function signedIn(app: App): Promise<Browser> {
  const browser = app.browser()
  app.handler = async (session) => {
    await session.signIn('ada')
    session.set('secret', 'of ada')
  }
  await browser.fetch('/')
  app.now += LATER
  return browser
}

const ENDINGS: Record<string, Handler> = {
  'signOut()': async (session) => {
    await session.signOut()
    session.flash('notice', 'You are signed out.')
  },
  'destroy()': async (session) => {
    await session.destroy()
    session.flash('notice', 'You are signed out.')
  },
  'signOut() after a read': async (session) => {
    await session.load()
    await session.signOut()
    session.flash('notice', 'You are signed out.')
  },
  'signOut() and a commit': async (session) => {
    await session.signOut()
    session.flash('notice', 'You are signed out.')
    await session.commit()
  },
  'signOut() in a handler inside': async () => undefined,
}

function ending(app: App, name: string): Handler {
  const inner = app.sessions.withSession(async ({ session }) => {
    await session.signOut()
    session.flash('notice', 'You are signed out.')
    return 'out'
  })
  const isInside = name.endsWith('inside')
  return isInside ? async (_, request) => inner(request, {}) : (ENDINGS[name] ?? flashes)
}

describe.for(EVERY_STORE)('a message after a sign-out, on %s', ([, newStore]) => {
  test.for(Object.keys(ENDINGS))('is shown once, by the next page: %s', async (name) => {
    const app = newApp({ store: newStore() })
    const browser = await signedIn(app)
    app.handler = ending(app, name)
    const response = await browser.fetch('/')
    const cookies = response.headers.getSetCookie().filter((value) => value.startsWith(NAME))
    expect([response.status, cookies.length]).toEqual([200, 1])
    expect(response.headers.get('Cache-Control')).toBe('private, no-store')
    app.now += LATER
    app.handler = flashes
    expect(await browser.json('/')).toEqual({ notice: 'You are signed out.' })
    app.now += LATER
    expect(await browser.json('/')).toEqual({})
  })

  test('is in a new session, which has neither the user nor the data', async () => {
    const app = newApp({ store: newStore() })
    const browser = await signedIn(app)
    const ids: string[] = []
    app.handler = async (session) => {
      ids.push(session.id)
      await session.signOut()
      session.flash('notice', 'out')
      ids.push(session.id)
    }
    await browser.fetch('/')
    app.now += LATER
    app.handler = async (session) => {
      const data = await session.all()
      return { id: session.id, data, user: session.userId ?? null }
    }
    expect(new Set(ids).size).toBe(2)
    expect(await browser.json('/')).toEqual({ id: ids[1], data: {}, user: null })
    const types = app.events.map(({ type }) => type)
    expect(types.slice(types.indexOf('destroyed'))).toEqual(['destroyed', 'created'])
  })

  test('leaves the old session dead, for the old cookie and for a slow request', async () => {
    const app = newApp({ store: newStore() })
    const browser = await signedIn(app)
    const old = browser.copy()
    const slow = browser.copy()
    let go: () => void = () => undefined
    const gate = new Promise<void>((resolve) => (go = resolve))
    let late: Promise<Response> | undefined
    await new Promise<void>((reached) => {
      app.handler = async (session) => {
        await session.load()
        reached()
        await gate
        session.set('secret', 'again')
      }
      late = slow.fetch('/')
    })
    app.handler = ending(app, 'signOut()')
    await browser.fetch('/')
    go()
    expect((await late)?.status).toBe(409)
    app.now += LATER
    app.handler = async (session) => (await session.get('secret')) ?? null
    expect(await old.json('/')).toBe(null)
  })
})

test('a message costs one call more than the sign-out', async () => {
  const app = newApp()
  const browser = await signedIn(app)
  app.calls.length = 0
  app.handler = ending(app, 'signOut()')
  await browser.fetch('/')
  expect(app.calls).toEqual(['destroy', 'create'])
})

test('only flash begins a new session; then the rest works on that one', async () => {
  const app = newApp()
  const browser = await signedIn(app)
  const codes: unknown[] = []
  app.handler = async (session) => {
    const codeOf = async (work: () => unknown): Promise<void> => {
      await Promise.resolve()
        .then(work)
        .catch((error: unknown) => codes.push((error as { code: string }).code))
    }
    await session.signOut()
    await codeOf(() => session.set('a', 1))
    await codeOf(() => session.get('a'))
    await codeOf(() => session.increment('n'))
    await codeOf(() => session.commit())
    session.flash('notice', 'out')
    session.set('language', 'de')
    return [await session.get('secret'), await session.get('language'), session.isNew]
  }
  expect(await browser.json('/')).toEqual([null, 'de', true])
  expect(codes).toEqual(Array.from({ length: 4 }, () => 'ERR_SESSION_ENDED'))
  app.handler = (session) => session.all()
  expect(await browser.json('/')).toEqual({ language: 'de' })
})

test('an operation that was called before the end is still refused, and begins nothing', async () => {
  const app = newApp()
  const browser = await signedIn(app)
  app.calls.length = 0
  app.handler = async (session) => {
    await session.load()
    const [, counted] = await Promise.allSettled([session.destroy(), session.increment('n')])
    return counted.status
  }
  expect(await browser.json('/')).toBe('rejected')
  expect(app.calls).toEqual(['read', 'destroy'])
})

test('a message that is recorded before the sign-out is dropped with the session', async () => {
  const app = newApp()
  const browser = await signedIn(app)
  app.handler = async (session) => {
    session.flash('notice', 'too early')
    await session.signOut()
  }
  const response = await browser.fetch('/')
  expect(response.headers.getSetCookie()).toEqual([expect.stringMatching(/session=;.*Max-Age=0/)])
})

test('a visitor without a session gets a message too', async () => {
  const app = newApp()
  const browser = app.browser()
  app.handler = ending(app, 'destroy()')
  await browser.fetch('/')
  app.handler = flashes
  expect(await browser.json('/')).toEqual({ notice: 'You are signed out.' })
})

test('if the new session cannot be stored, the answer is 503 and the old cookie is cleared', async () => {
  const inner = memoryStore()
  let isDown = false
  const app = newApp({
    store: {
      ...inner,
      create: (...call) => {
        if (isDown) throw new Error('down')
        return inner.create(...call)
      },
    },
  })
  const browser = await signedIn(app)
  isDown = true
  app.handler = ending(app, 'signOut()')
  const response = await browser.fetch('/')
  expect(response.status).toBe(503)
  expect(response.headers.getSetCookie()).toEqual([expect.stringMatching(/session=;.*Max-Age=0/)])
})

test('a second sign-out in the same request takes the message back', async () => {
  const app = newApp()
  const browser = await signedIn(app)
  app.handler = async (session) => {
    await session.signOut()
    session.flash('notice', 'out')
    await session.destroy()
  }
  const response = await browser.fetch('/')
  expect(response.headers.getSetCookie()).toEqual([expect.stringMatching(/session=;.*Max-Age=0/)])
})

test('a sign-in after the message keeps it', async () => {
  const app = newApp()
  const browser = await signedIn(app)
  app.handler = async (session) => {
    await session.signOut()
    session.flash('notice', 'You are bob now.')
    await session.signIn('bob')
  }
  const response = await browser.fetch('/')
  expect(response.headers.getSetCookie()).toHaveLength(1)
  app.handler = async (session) => [await session.flashes(), session.userId]
  expect(await browser.json('/')).toEqual([{ notice: 'You are bob now.' }, 'bob'])
})

test('the session is on no list of a user, and Clear-Site-Data leaves its cookie', async () => {
  const index = userIndex(env.USERS)
  const app = newApp({ accounts: { index, clearSiteData: ['cache', 'cookies'] } })
  const browser = await signedIn(app)
  app.handler = ending(app, 'signOut()')
  const response = await browser.fetch('/')
  expect(response.headers.get('Clear-Site-Data')).toBe('"cache"')
  expect(app.events.map(({ type }) => type)).toContain('cookies-kept')
  app.handler = flashes
  expect(await browser.json('/')).toEqual({ notice: 'You are signed out.' })
})
