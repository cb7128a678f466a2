import { describe, expect, test } from 'vitest'

import { SessionError } from '../../src/index.ts'
import { type App, type Handler, newApp } from '../support/app.ts'
import type { Browser } from '../support/browser.ts'
import { world } from '../support/worlds.ts'

const HERE = world()

/** A visitor whose session holds `a: 1`, and the same cookie in other hands. */
async function visitor(app: App): Promise<{ browser: Browser; other: Browser }> {
  const browser = app.browser()
  app.handler = (session) => {
    session.set('a', 1)
    return 'ok'
  }
  await browser.fetch('/')
  app.events.length = 0
  return { browser, other: browser.copy() }
}

/** A handler that reads its session, has the other hand do something, and goes on. */
function meanwhile(app: App, other: Browser, deed: Handler, then: Handler): Handler {
  return async (session, request) => {
    await session.get('a')
    app.handler = deed
    await other.fetch('/')
    return then(session, request)
  }
}

const destroy: Handler = async (session) => {
  await session.destroy()
  return 'bye'
}

const regenerate: Handler = async (session) => {
  await session.regenerate()
  return 'new token'
}

const set: Handler = (session) => {
  session.set('b', 2)
  return 'saved'
}

describe('a write that comes after the session was destroyed', () => {
  test('is answered by 409, with an event, and the cookie is cleared', async () => {
    const app = newApp()
    const { browser, other } = await visitor(app)
    app.handler = meanwhile(app, other, destroy, set)
    const response = await browser.fetch('/')
    expect(response.status).toBe(409)
    expect(response.headers.get('Content-Type')).toBe('application/problem+json')
    expect(response.headers.get('Cache-Control')).toBe('private, no-store')
    expect(await response.json()).toMatchObject({
      title: 'Conflict',
      status: 409,
      code: 'ERR_SESSION_ENDED',
    })
    expect(response.headers.getSetCookie()).toEqual([
      '__Host-session=; Max-Age=0; Path=/; Secure; HttpOnly; SameSite=Lax; Priority=High',
    ])
    expect(app.events).toMatchObject([
      { type: 'destroyed' },
      { type: 'late-write', reason: 'ended' },
    ])
  })

  test('is the same for a write that has read nothing, and a late write is its only event', async () => {
    const app = newApp()
    const { browser, other } = await visitor(app)
    app.handler = async (session, request) => {
      app.handler = destroy
      await other.fetch('/')
      return set(session, request)
    }
    const response = await browser.fetch('/')
    expect(response.status).toBe(409)
    expect(app.events.map(({ type }) => type)).toEqual(['destroyed', 'late-write'])
  })

  test.skipIf(HERE.isReading)('is the same for a read that follows a write', async () => {
    const app = newApp()
    const { browser, other } = await visitor(app)
    app.handler = async (session) => {
      session.set('b', 2)
      await session.commit()
      app.handler = destroy
      await other.fetch('/')
      return session.get('a')
    }
    const response = await browser.fetch('/')
    expect(response.status).toBe(409)
    expect(app.events.map(({ type }) => type)).toEqual(['destroyed', 'late-write'])
  })

  test('is dropped with the event when lateWrites is drop', async () => {
    const app = newApp({ lateWrites: 'drop' })
    const { browser, other } = await visitor(app)
    app.handler = meanwhile(app, other, destroy, set)
    const response = await browser.fetch('/')
    expect(response.status).toBe(200)
    expect(await response.json()).toBe('saved')
    expect(browser.cookies.size).toBe(0)
    expect(app.events.at(-1)).toMatchObject({ type: 'late-write', reason: 'ended' })
  })

  const AWAITED: Record<string, Handler> = {
    commit: async (session) => {
      session.set('b', 2)
      await session.commit()
      return 'saved'
    },
    // KV refuses these, and its token changes with the commit.
    ...(!HERE.isKv && {
      increment: (session) => session.increment('a'),
      update: (session) => session.update('a', () => 2),
      take: (session) => session.take('a'),
      regenerate,
    }),
  }

  test.for(Object.entries(AWAITED))(
    'makes %s throw ERR_SESSION_ENDED, which uncaught is 409',
    async ([, operation]) => {
      const app = newApp({ lateWrites: 'drop' })
      const { browser, other } = await visitor(app)
      app.handler = meanwhile(app, other, destroy, operation)
      expect((await browser.fetch('/')).status).toBe(409)
      expect(browser.cookies.size).toBe(0)
    },
  )

  test.runIf(HERE.isKv)('makes a regenerate 409, which waits for the commit', async () => {
    const app = newApp()
    const { browser, other } = await visitor(app)
    app.handler = meanwhile(app, other, destroy, regenerate)
    expect((await browser.fetch('/')).status).toBe(409)
    expect(browser.cookies.size).toBe(0)
  })

  test.for(Object.entries(AWAITED).filter(([name]) => name !== 'commit'))(
    'lets the handler catch what %s throws, and answer itself',
    async ([, operation]) => {
      const app = newApp()
      const { browser, other } = await visitor(app)
      app.handler = meanwhile(app, other, destroy, async (session, request) => {
        try {
          return await operation(session, request)
        } catch (error) {
          return error instanceof SessionError ? error.code : 'another error'
        }
      })
      const response = await browser.fetch('/')
      expect(await response.json()).toBe('ERR_SESSION_ENDED')
    },
  )

  test('leaves nothing behind: the old cookie is anonymous, and a new session is another one', async () => {
    const app = newApp()
    const { browser, other } = await visitor(app)
    app.handler = (session) => session.id
    const before = await browser.json('/')
    app.handler = meanwhile(app, other, destroy, set)
    const replay = browser.copy()
    await browser.fetch('/')
    app.handler = (session) => session.all()
    expect(await replay.json('/')).toEqual({})
    app.handler = (session) => {
      session.set('c', 3)
      return session.id
    }
    expect(await browser.json('/')).not.toBe(before)
  })
})

describe('a write that comes after the token was regenerated', () => {
  test('is answered by 409, with an event, and the cookie is left alone', async () => {
    const app = newApp()
    const { browser, other } = await visitor(app)
    app.handler = meanwhile(app, other, regenerate, set)
    const response = await browser.fetch('/')
    expect(response.status).toBe(409)
    expect(response.headers.getSetCookie()).toEqual([])
    expect(app.events.at(-1)).toMatchObject({ type: 'late-write', reason: 'rotated' })
    app.handler = (session) => session.all()
    expect(await other.json('/')).toEqual({ a: 1 })
  })

  test('is refused for a blind write too', async () => {
    const app = newApp()
    const { browser, other } = await visitor(app)
    app.handler = regenerate
    await other.fetch('/')
    app.handler = set
    expect((await browser.fetch('/')).status).toBe(409)
    app.handler = destroy
    expect((await browser.fetch('/')).status).toBe(409)
    app.handler = (session) => session.all()
    expect(await other.json('/')).toEqual({ a: 1 })
  })

  test('a browser that never got the new token is not locked out: after a minute it starts afresh', async () => {
    const app = newApp()
    const { browser, other } = await visitor(app)
    app.handler = regenerate
    await other.fetch('/')
    app.handler = async (session) => {
      await session.get('a')
      session.set('b', 2)
      return session.isNew
    }
    app.now += 59_999
    expect((await browser.fetch('/')).status).toBe(409)
    app.now += 1
    expect(await browser.json('/')).toBe(true)
    app.handler = (session) => session.all()
    expect(await browser.json('/')).toEqual({ b: 2 })
    expect(await other.json('/')).toEqual({ a: 1 })
  })
})

describe('destroy', () => {
  test('makes every further use but flash throw, and nothing of the request is kept', async () => {
    const app = newApp()
    const { browser } = await visitor(app)
    app.handler = async (session) => {
      session.set('b', 2)
      session.flash('notice', 'x')
      await session.destroy()
      const uses: (() => unknown)[] = [
        () => session.set('c', 3),
        () => session.delete('c'),
        () => session.clear(),
        () => session.get('a'),
        () => session.has('a'),
        () => session.keys(),
        () => session.all(),
        () => session.increment('a'),
        () => session.update('a', () => 1),
        () => session.take('a'),
        () => session.flashes(),
        () => session.regenerate(),
        () => session.destroy(),
        () => session.commit(),
      ]
      const results = uses.map(async (use) => {
        try {
          await use()
          return 'no error'
        } catch (error) {
          return error instanceof SessionError ? error.code : 'another error'
        }
      })
      return Promise.all(results)
    }
    const response = await browser.fetch('/')
    // KV refuses increment, update and take.
    const codes = Array.from({ length: 14 }, (_, index) =>
      HERE.isKv && index >= 7 && index <= 9 ? 'ERR_NOT_ATOMIC' : 'ERR_SESSION_ENDED',
    )
    expect(await response.json()).toEqual(codes)
    expect(browser.cookies.size).toBe(0)
  })

  test('used afterwards by mistake, is the program’s error and no 409', async () => {
    const app = newApp()
    const { browser } = await visitor(app)
    app.handler = async (session) => {
      await session.destroy()
      session.set('a', 1)
      return 'never'
    }
    await expect(browser.fetch('/')).rejects.toThrow(/^ERR_SESSION_ENDED/)
  })

  test('ends a session that this request has only just made', async () => {
    const app = newApp()
    const browser = app.browser()
    app.handler = async (session) => {
      session.set('a', 1)
      await session.commit()
      await session.destroy()
      return 'bye'
    }
    expect((await browser.fetch('/')).headers.getSetCookie()).toEqual([])
    expect(app.calls).toEqual(['create', 'destroy'])
  })

  test('of a session that is over already is no error, and clears the cookie', async () => {
    const app = newApp()
    const { browser, other } = await visitor(app)
    app.handler = destroy
    await other.fetch('/')
    expect((await browser.fetch('/')).status).toBe(200)
    expect(browser.cookies.size).toBe(0)
  })
})

describe('regenerate', () => {
  test('keeps the dictionary, the id and what is recorded, and kills the old token at once', async () => {
    const app = newApp()
    const { browser, other } = await visitor(app)
    app.handler = async (session) => {
      session.set('b', 2)
      const before = session.id
      await session.regenerate()
      return before === session.id
    }
    const before = browser.cookieHeader()
    expect(await browser.json('/')).toBe(true)
    expect(browser.cookieHeader()).not.toBe(before)
    app.handler = (session) => session.all()
    expect(await browser.json('/')).toEqual({ a: 1, b: 2 })
    expect(await other.json('/')).toEqual({})
    expect(app.events.at(-1)).toMatchObject({ type: 'refused', reason: 'rotated' })
  })

  test.skipIf(HERE.isKv)('goes on with operations that nobody awaited', async () => {
    const app = newApp()
    const { browser } = await visitor(app)
    app.handler = (session) => {
      void session.increment('n')
      void session.regenerate()
      void session.increment('n')
      return 'ok'
    }
    expect((await browser.fetch('/')).status).toBe(200)
    app.handler = (session) => session.all()
    expect(await browser.json('/')).toEqual({ a: 1, n: 2 })
  })
})
