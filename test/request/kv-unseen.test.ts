import { describe, expect, test } from 'vitest'

import { kvStore } from '../../src/store/kv.ts'
import { type App, type Handler, newApp } from '../support/app.ts'
import { StaleKv } from '../support/stale-kv.ts'

interface World {
  readonly home: App
  readonly elsewhere: App
  /** The cookie of a sign-in at home, whose key the other location does not see yet. */
  readonly cookie: string
  readonly wait: (milliseconds: number) => void
  /** Lets the other location see what is stored. */
  readonly show: () => void
}

const who: Handler = async (session) => {
  await session.load()
  return session.userId ?? null
}

function send(app: App, cookie: string, handler: Handler): Promise<Response> {
  app.handler = handler
  return app.browser().fetch('/', { headers: { cookie } })
}

/** Two locations of one namespace. KV's staleness is simulated: miniflare's is consistent at once. */
async function newWorld(): Promise<World> {
  let now = Date.now()
  const world = new StaleKv(() => now)
  const here = world.location()
  const there = world.location()
  const home = newApp({ store: kvStore(here), now: () => now })
  let isHidden = true
  const late = {
    ...there,
    get: async (...[key, options]: Parameters<typeof there.get>) =>
      isHidden ? null : there.get(key, options),
  }
  const elsewhere = newApp({ store: kvStore(late), now: () => now })
  home.handler = async (session) => {
    await session.signIn('ada')
    return 'ok'
  }
  const response = await home.browser().fetch('/')
  const cookie = (response.headers.getSetCookie()[0] ?? '').split(';', 1).join('')
  const wait = (milliseconds: number): void => void (now += milliseconds)
  const show = (): void => void (isHidden = false)
  return { home, elsewhere, cookie, wait, show }
}

const CHANGES: Record<string, Handler> = {
  'a blind write': (session) => {
    session.set('a', 1)
    return 'ok'
  },
  'a read, then a write': async (session) => {
    await session.load()
    session.set('a', 1)
    return 'ok'
  },
  'a message': (session) => {
    session.flash('note', 'Please sign in')
    return 'ok'
  },
  'a regenerate': async (session) => {
    await session.regenerate()
    return 'ok'
  },
}

describe('on KV, a session that a location does not see yet', () => {
  test('is anonymous for a read, with an event, and its cookie stays', async () => {
    const { elsewhere, cookie, show } = await newWorld()
    const response = await send(elsewhere, cookie, who)
    expect(await response.json()).toBe(null)
    expect(response.headers.getSetCookie()).toEqual([])
    expect(elsewhere.events).toMatchObject([{ type: 'refused', reason: 'unseen' }])
    show()
    expect(await (await send(elsewhere, cookie, who)).json()).toBe('ada')
  })

  test.for(Object.entries(CHANGES))(
    'refuses a change with 503 and sends no cookie: %s',
    async ([, change]) => {
      const { elsewhere, cookie, show } = await newWorld()
      const response = await send(elsewhere, cookie, change)
      expect(response.status).toBe(503)
      expect(response.headers.get('Retry-After')).toBe('5')
      expect(response.headers.getSetCookie()).toEqual([])
      show()
      expect(await (await send(elsewhere, cookie, who)).json()).toBe('ada')
    },
  )

  test.for([false, true])(
    'is ended by a sign-out all the same (after a read: %s)',
    async (isRead) => {
      const { home, elsewhere, cookie, wait } = await newWorld()
      wait(2000)
      const response = await send(elsewhere, cookie, async (session) => {
        if (isRead) await session.load()
        await session.signOut()
        return 'bye'
      })
      expect(response.status).toBe(200)
      expect(response.headers.getSetCookie()[0]).toContain('Max-Age=0')
      wait(60_000)
      expect(await (await send(home, cookie, who)).json()).toBe(null)
    },
  )

  test('does not keep a visitor from signing in again', async () => {
    const { elsewhere, cookie } = await newWorld()
    const response = await send(elsewhere, cookie, async (session) => {
      await session.load()
      await session.signIn('ada')
      return session.userId
    })
    expect(await response.json()).toBe('ada')
    expect(response.headers.getSetCookie()).toHaveLength(1)
  })

  test('is over if its token is a minute old', async () => {
    const { home, elsewhere, cookie, wait } = await newWorld()
    wait(2000)
    await send(home, cookie, async (session) => session.destroy())
    wait(61_000)
    const response = await send(elsewhere, cookie, CHANGES['a blind write'] ?? who)
    expect(response.status).toBe(200)
    expect(elsewhere.events.at(-1)).toMatchObject({ type: 'created' })
  })
})

test('a regenerate on KV makes the token a young one', async () => {
  const { home, elsewhere, cookie, wait } = await newWorld()
  wait(50_000)
  const regenerated = await send(home, cookie, async (session) => {
    await session.regenerate()
    return 'ok'
  })
  // The session is 70 s old, and its new key 20 s.
  wait(20_000)
  const [next = ''] = regenerated.headers.getSetCookie()
  const token = next.split(';', 1).join('')
  const response = await send(elsewhere, token, CHANGES['a blind write'] ?? who)
  expect([response.status, elsewhere.events[0]]).toMatchObject([503, { reason: 'unseen' }])
})

test('a sign-in that waits for the commit has its times in the same request', async () => {
  const { home } = await newWorld()
  home.handler = async (session) => {
    await session.signIn('bob')
    return [session.createdAt, session.expiresAt]
  }
  const [createdAt, expiresAt] = await home.browser().json<[string, string]>('/')
  expect(Date.parse(expiresAt) - Date.parse(createdAt)).toBe(30 * 60_000)
})
