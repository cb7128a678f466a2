import { runInDurableObject } from 'cloudflare:test'
import { env } from 'cloudflare:workers'
import { describe, expect, test } from 'vitest'

import { SessionError } from '../../src/index.ts'
import { durableObjectStore } from '../../src/store/durable-object.ts'
import { kvStore } from '../../src/store/kv.ts'
import { memoryStore } from '../../src/store/memory.ts'
import { userIndex } from '../../src/store/user-index.ts'
import { type App, type AppOptions, type AppSession, type Handler, newApp } from '../support/app.ts'
import type { Browser } from '../support/browser.ts'
import { during, together } from '../support/gates.ts'
import { CONTEXT } from '../support/site.ts'
import { storesHere, world } from '../support/worlds.ts'

const HOUR = 3_600_000
const HERE = world()

const who: Handler = async (session) => {
  await session.load()
  return { userId: session.userId ?? null, data: await session.all() }
}

/** A handler that signs somebody in. */
function signingIn(userId: string, details = {}): Handler {
  return async (session) => {
    await session.signIn(userId, details)
    return session.userId
  }
}

interface Found {
  readonly userId: string | null
  readonly data: unknown
}

async function go<T = unknown>(app: App, browser: Browser, handler: Handler): Promise<T> {
  app.calls.length = 0
  app.handler = handler
  return browser.json<T>('/')
}

const setOne: Handler = (session) => {
  session.set('cart', ['apple'])
  return 'ok'
}

const STORES: Record<string, AppOptions> = {
  'durable-object': { accounts: { index: userIndex(env.USERS) } },
  kv: { store: kvStore(env.SESSION_KV), accounts: { index: userIndex(env.USERS) } },
  memory: { store: memoryStore() },
}

/** A user of this test alone. */
function newUser(): string {
  return `user ${crypto.randomUUID()}`
}

const INDEXED: AppOptions = { accounts: { index: userIndex(env.USERS) } }

describe.for(storesHere(STORES))('on the %s store', ([name, options = INDEXED]) => {
  const isKv = name === 'kv'
  /** The calls of a handler that reads, or that needs to know who is signed in. */
  const read = HERE.isReading ? [] : ['read']
  // On KV nothing but a read tells whose dictionary it is; a copy must not.
  const readBySignIn = HERE.isCached ? ['read'] : isKv ? read : []

  test('what the visitor had is there after the sign-in, in the same request too', async () => {
    const app = newApp(options)
    const browser = app.browser()
    await go(app, browser, setOne)
    const userId = newUser()
    const seen = await go(app, browser, async (session) => {
      session.set('color', 'red')
      await session.signIn(userId)
      return session.all()
    })
    expect(seen).toEqual({ cart: ['apple'], color: 'red' })
    const data = { cart: ['apple'], color: 'red' }
    expect(await go<Found>(app, browser, who)).toEqual({ userId, data })
  })

  test('a visitor without a session signs in, and is known from then on', async () => {
    const app = newApp(options)
    const browser = app.browser()
    const userId = newUser()
    expect(await go(app, browser, signingIn(userId))).toBe(userId)
    expect(app.calls).toEqual(['create'])
    expect(app.events.map(({ type }) => type)).toEqual(['created', 'signed-in'])
    expect(await go(app, browser, who)).toEqual({ userId, data: {} })
    expect(app.calls).toEqual(read)
  })

  test('an anonymous visitor keeps the dictionary, and the old token is dead at once', async () => {
    const app = newApp(options)
    const browser = app.browser()
    await go(app, browser, setOne)
    const before = browser.copy()
    const userId = newUser()
    await go(app, browser, signingIn(userId))
    expect(app.calls).toEqual([...readBySignIn, 'regenerate'])
    expect(await go(app, browser, who)).toEqual({ userId, data: { cart: ['apple'] } })
    expect(await go(app, before, who)).toEqual({ userId: null, data: {} })
  })

  test('another user finds an empty dictionary; what the request records is the new user’s', async () => {
    const app = newApp(options)
    const browser = app.browser()
    await go(app, browser, async (session) => {
      await session.signIn(newUser())
      session.set('cart', ['apple'])
      session.flash('notice', 'for the first one')
      return 'ok'
    })
    app.now += 2000
    const other = newUser()
    const seen = await go(app, browser, async (session) => {
      session.set('theme', 'dark')
      const cart = await session.get('cart')
      await session.signIn(other)
      return [cart, (await session.get('cart')) ?? null, await session.flashes()]
    })
    expect(seen).toEqual([['apple'], null, {}])
    expect(await go(app, browser, who)).toEqual({ userId: other, data: { theme: 'dark' } })
    expect(await go(app, browser, (session) => session.flashes())).toEqual({})
  })

  test('another user finds an empty dictionary without a read before, too', async () => {
    const app = newApp(options)
    const browser = app.browser()
    await go(app, browser, signingIn(newUser()))
    await go(app, browser, setOne)
    const other = newUser()
    await go(app, browser, signingIn(other))
    expect(await go(app, browser, who)).toEqual({ userId: other, data: {} })
  })

  test('the same user again keeps the dictionary, and both timeouts begin anew', async () => {
    const app = newApp({ ...options, absoluteTimeout: 3600, idleTimeout: 3000 })
    const browser = app.browser()
    const userId = newUser()
    await go(app, browser, signingIn(userId))
    await go(app, browser, setOne)
    const old = browser.copy()
    app.now += 0.75 * HOUR
    await go(app, browser, signingIn(userId))
    const now = new Date(app.now)
    const created = await go(app, browser, async (session) => {
      await session.load()
      return [session.createdAt, session.authenticatedAt, session.expiresAt]
    })
    const end = new Date(now.getTime() + 3_000_000)
    expect(created).toEqual([now, now, end].map((date) => date.toJSON()))
    app.now += 0.75 * HOUR
    expect(await go(app, browser, who)).toEqual({ userId, data: { cart: ['apple'] } })
    expect(await go(app, old, who)).toEqual({ userId: null, data: {} })
    app.now += 0.25 * HOUR
    expect(await go(app, browser, who)).toEqual({ userId: null, data: {} })
  })

  test('nothing of the user is in the cookie', async () => {
    const app = newApp(options)
    const browser = app.browser()
    const userId = 'ada@example.com'
    await go(app, browser, async (session) => {
      await session.signIn(userId, { label: 'Ada’s phone', country: 'PT', userAgent: 'A phone' })
      session.set('name', 'Ada Lovelace')
      return 'ok'
    })
    const parts = (browser.cookies.get('__Host-session') ?? '').split('.')
    const bytes = parts
      .slice(1)
      .map((part) => Uint8Array.fromBase64(part, { alphabet: 'base64url' }))
    const text = [...parts, ...bytes.map((part) => new TextDecoder('latin1').decode(part))].join(
      '\n',
    )
    expect(text).not.toMatch(/example\.com|Ada’s|A phone|Lovelace/)
    const length = browser.cookieHeader().length
    await go(app, browser, signingIn('x'.repeat(256)))
    expect(browser.cookieHeader()).toHaveLength(length)
  })

  test('signing out ends the session everywhere, clears the cookie and what else is asked for', async () => {
    const app = newApp({
      ...options,
      accounts: { ...options.accounts, clearSiteData: ['cache', 'storage'] },
    })
    const browser = app.browser()
    await go(app, browser, signingIn(newUser()))
    const old = browser.copy()
    app.handler = async (session) => {
      await session.signOut()
      return session.userId ?? null
    }
    const response = await browser.fetch('/')
    expect(response.headers.get('Clear-Site-Data')).toBe('"cache", "storage"')
    expect(browser.cookies.size).toBe(0)
    expect(await response.json()).toBe(null)
    expect(await go(app, old, who)).toEqual({ userId: null, data: {} })
    app.handler = (session) => session.get('a')
    expect((await old.fetch('/')).headers.has('Clear-Site-Data')).toBe(false)
  })

  test('signing out without Clear-Site-Data asks for nothing, and nobody may do it', async () => {
    const app = newApp(options)
    const browser = app.browser()
    app.handler = async (session) => {
      await session.signOut()
      return 'ok'
    }
    const response = await browser.fetch('/')
    expect(response.headers.has('Clear-Site-Data')).toBe(false)
    expect(app.calls).toEqual([])
  })

  test('whoever signs in with the cookie of a session that is over gets a new one, and no 409', async () => {
    const app = newApp(options)
    const browser = app.browser()
    await go(app, browser, signingIn(newUser()))
    const stale = browser.copy()
    await go(app, browser, async (session) => {
      await session.signOut()
      return 'ok'
    })
    app.events.length = 0
    const userId = newUser()
    expect(await go(app, stale, signingIn(userId))).toBe(userId)
    expect(app.events).toMatchObject([
      { type: 'refused', reason: 'ended' },
      { type: 'created' },
      { type: 'signed-in' },
    ])
    expect(await go(app, stale, who)).toEqual({ userId, data: {} })
  })

  test('a level of assurance goes with the sign-in, and only with it', async () => {
    const app = newApp(options)
    const browser = app.browser()
    const userId = newUser()
    await go(app, browser, signingIn(userId, { aal: 2 }))
    const aal: Handler = async (session) => {
      await session.load()
      return session.aal ?? null
    }
    expect(await go(app, browser, aal)).toBe(2)
    await go(app, browser, signingIn(userId))
    expect(await go(app, browser, aal)).toBe(null)
  })
})

describe('on the default store', () => {
  // After a read it is known.
  test.skipIf(HERE.isReading)(
    'nobody is signed in by mistake: asked too early, userId throws',
    async () => {
      const app = newApp()
      const browser = app.browser()
      await go(app, browser, signingIn(newUser()))
      // Without a cookie too, so that the first try shows it.
      for (const each of [browser, app.browser()]) {
        const early = await go(app, each, (session) => {
          try {
            return session.userId ?? null
          } catch (error) {
            return error instanceof SessionError ? error.message : 'another error'
          }
        })
        expect(early).toMatch(/^ERR_NOT_LOADED: .*await session\.load\(\)/)
      }
      const asked: Handler = async (session) => {
        await session.load()
        return [session.userId ?? null, session.authenticatedAt ?? null]
      }
      expect(await go(app, app.browser(), asked)).toEqual([null, null])
    },
  )

  // KV refuses most of them.
  test.skipIf(HERE.isKv)('every awaited operation tells who is signed in', async () => {
    const app = newApp()
    const browser = app.browser()
    const userId = newUser()
    await go(app, browser, signingIn(userId))
    const operations: Handler[] = [
      (session) => session.get('a'),
      (session) => session.increment('n'),
      (session) => session.update('u', () => 1),
      (session) => session.take('u'),
      (session) => session.regenerate(),
      async (session) => {
        session.set('a', 1)
        await session.commit()
      },
      // Refused by the store, which says who all the same.
      async (session) => session.increment('a', Infinity).catch(() => session.increment('a', 1)),
    ]
    for (const operation of operations) {
      const seen = await go(app, browser, async (session, request) => {
        await operation(session, request)
        return session.userId
      })
      expect(seen).toBe(userId)
    }
  })

  test.for([undefined, 1, '', 'x'.repeat(257), '\ud800', null, {}])(
    '%j is no user’s id',
    async (userId) => {
      const app = newApp()
      app.handler = async (session) => {
        await session.signIn(userId as string)
      }
      await expect(app.browser().fetch('/')).rejects.toThrow(
        /^ERR_VALUE: A user's id must be a string/,
      )
      expect(app.calls).toEqual([])
    },
  )

  test.for([
    { aal: 0 },
    { aal: 4 },
    { aal: '2' },
    { label: 1 },
    { userAgent: {} },
    { country: null },
  ])('%j is no detail of a sign-in', async (details) => {
    const app = newApp()
    app.handler = (session) => session.signIn('ada', details as object)
    await expect(app.browser().fetch('/')).rejects.toThrow(
      /^ERR_VALUE: signIn\(\): aal must be 1, 2 or 3/,
    )
    expect(app.calls).toEqual([])
  })

  test.skipIf(HERE.isKv)(
    'of another user nothing stays in the object, what was taken neither',
    async () => {
      const app = newApp()
      const browser = app.browser()
      await go(app, browser, signingIn(newUser()))
      await go(app, browser, (session) => session.set('code', 'taken by the first'))
      await go(app, browser, (session) => session.take('code'))
      const id = await go<string>(app, browser, (session) => session.id)
      const rows = async (): Promise<string> =>
        runInDurableObject(env.SESSIONS.get(env.SESSIONS.idFromString(id)), (_, { storage }) =>
          JSON.stringify([...storage.kv.list()]),
        )
      expect(await rows()).toContain('taken by the first')
      await go(app, browser, signingIn(newUser()))
      expect(await rows()).not.toContain('taken by the first')
    },
  )

  // KV learns of a revocation up to 60 s later.
  test.skipIf(HERE.isKv)(
    'whose session was ended meanwhile is nobody, for the rest of the request',
    async () => {
      const app = newApp({ accounts: { index: userIndex(env.USERS) } })
      const browser = app.browser()
      const userId = newUser()
      await go(app, browser, signingIn(userId))
      const seen = await go(app, browser, async (session) => {
        await session.load()
        await app.sessions.user(userId, {}).revokeAll()
        const before = session.userId
        await session.increment('n').catch(() => undefined)
        return [before, session.userId ?? null]
      })
      expect(seen).toEqual([userId, null])
    },
  )

  test.skipIf(HERE.isKv || HERE.isReading)(
    'a sign-in is two calls, and a signed-in read is one',
    async () => {
      const asked: string[] = []
      const index = userIndex({
        idFromName: (name) => env.USERS.idFromName(name),
        get: (id) => {
          asked.push('user')
          return env.USERS.get(id as DurableObjectId)
        },
      })
      const app = newApp({ accounts: { index } })
      const browser = app.browser()
      const userId = newUser()
      await go(app, browser, signingIn(userId))
      expect([...app.calls, ...asked]).toEqual(['create', 'user'])
      asked.length = 0
      await go(app, browser, signingIn(userId))
      expect([...app.calls, ...asked]).toEqual(['regenerate', 'user'])
      asked.length = 0
      await go(app, browser, who)
      expect([...app.calls, ...asked]).toEqual(['read'])
      asked.length = 0
      // Over another user's session as well: that user's list sees for itself that it is over.
      await go(app, browser, signingIn(newUser()))
      expect([...app.calls, ...asked]).toEqual(['regenerate', 'user'])
    },
  )

  test('of two overlapping sign-ins with one cookie, both succeed: each proves the user', async () => {
    const app = newApp()
    const browser = app.browser()
    await go(app, browser, setOne)
    const userId = newUser()
    const other = browser.copy()
    const responses = await together(2, (gate, index) => {
      app.handler = async (session) => {
        await session.load()
        await gate.pass()
        await session.signIn(userId)
        return 'ok'
      }
      return (index === 0 ? browser : other).fetch('/')
    })
    expect(responses.map(({ status }) => status)).toEqual([200, 200])
    const found = [await go<Found>(app, browser, who), await go<Found>(app, other, who)]
    expect(found.map((each) => each.userId)).toEqual([userId, userId])
    // One of them has the session itself, and the other began a new one.
    expect(found.map(({ data }) => data)).toContainEqual({ cart: ['apple'] })
    expect(found.map(({ data }) => data)).toContainEqual({})
  })

  test('a slow write of an anonymous page does not get into the signed-in session', async () => {
    const app = newApp()
    const browser = app.browser()
    await go(app, browser, setOne)
    const page = browser.copy()
    const userId = newUser()
    const [late] = await during(
      (gate) => {
        app.handler = async (session) => {
          await session.load()
          await gate.pass()
          session.set('late', 1)
          return 'ok'
        }
        return page.fetch('/')
      },
      () => go(app, browser, signingIn(userId)),
    )
    expect(late.status).toBe(409)
    expect(await go(app, browser, who)).toEqual({ userId, data: { cart: ['apple'] } })
  })

  test('a sign-in with a cookie regenerated a moment ago begins a new session', async () => {
    const app = newApp({ accounts: { index: userIndex(env.USERS) } })
    const browser = app.browser()
    await go(app, browser, setOne)
    const slow = browser.copy()
    await go(app, browser, (session) => session.regenerate())
    const userId = newUser()
    expect(await go(app, slow, signingIn(userId))).toBe(userId)
    expect(await app.sessions.user(userId, {}).list()).toHaveLength(1)
    expect(await go(app, slow, who)).toEqual({ userId, data: {} })
    // The newer token is another browser's, and stays as it is.
    expect(await go(app, browser, who)).toEqual({ userId: null, data: { cart: ['apple'] } })
  })

  test('a second sign-in of one request counts, and signing out after it leaves nothing', async () => {
    const app = newApp({ accounts: { index: userIndex(env.USERS) } })
    const browser = app.browser()
    const [one, two] = [newUser(), newUser()]
    await go(app, browser, async (session) => {
      await session.signIn(one)
      session.set('a', 1)
      await session.commit()
      await session.signIn(two)
      return session.userId
    })
    expect(await go(app, browser, who)).toEqual({ userId: two, data: {} })
    expect(await app.sessions.user(one, {}).list()).toEqual([])
    expect(await app.sessions.user(two, {}).list()).toHaveLength(1)
    const other = app.browser()
    await go(app, other, async (session) => {
      await session.signIn(one)
      await session.signOut()
      return 'ok'
    })
    expect(other.cookies.size).toBe(0)
    expect(await app.sessions.user(one, {}).list()).toEqual([])
  })

  test('on plain http nobody can sign in, and an event says so', async () => {
    const app = newApp()
    const browser = app.browser('http://app.example')
    expect(
      await go(app, browser, async (session) => {
        await session.signIn(newUser())
        return session.userId ?? null
      }),
    ).toBe(null)
    expect(app.events).toEqual([{ type: 'refused', reason: 'insecure' }])
    expect(app.calls).toEqual([])
  })
})

// A list of its own, which KV's world replaces.
describe.skipIf(HERE.isKv)('a store that fails in a sign-in', () => {
  const store = durableObjectStore(env.SESSIONS)
  const lost = new Error('the reply is lost')

  /** An application whose users' objects fail until `repair` is called. */
  function appWithBrokenIndex(): { readonly app: App; readonly repair: () => void } {
    let isFailing = true
    const index = userIndex({
      idFromName: (name) => env.USERS.idFromName(name),
      get: (id) => {
        if (isFailing) throw lost
        return env.USERS.get(id as DurableObjectId)
      },
    })
    return { app: newApp({ accounts: { index } }), repair: () => (isFailing = false) }
  }

  test.for(['before', 'after'] as const)(
    '%s it took effect: repeated, it happens once, and the list has it once',
    async (when) => {
      let isFailing = false
      const app = newApp({
        accounts: { index: userIndex(env.USERS) },
        store: {
          ...store,
          regenerate: async (...parameters) => {
            const fails = isFailing
            isFailing = false
            if (fails && when === 'before') throw lost
            const reply = await store.regenerate(...parameters)
            if (fails) throw lost
            return reply
          },
        },
      })
      const browser = app.browser()
      await go(app, browser, setOne)
      isFailing = true
      const userId = newUser()
      const failures = await go(app, browser, async (session) => {
        const failure: unknown = await session.signIn(userId).catch((error: unknown) => error)
        await session.signIn(userId)
        return [failure instanceof SessionError && failure.code, session.userId]
      })
      expect(failures).toEqual(['ERR_STORE', userId])
      expect(app.events.filter(({ type }) => type === 'signed-in')).toHaveLength(1)
      expect(await go(app, browser, who)).toEqual({ userId, data: { cart: ['apple'] } })
      expect(await app.sessions.user(userId, {}).list()).toHaveLength(1)
    },
  )

  test('and a handler that passes over it: the session is signed in and listed before its cookie leaves', async () => {
    const { app, repair } = appWithBrokenIndex()
    const browser = app.browser()
    const userId = newUser()
    await go(app, browser, async (session) => {
      await session.signIn(userId).catch(() => undefined)
      repair()
      return 'ok'
    })
    expect(await app.sessions.user(userId, {}).list()).toHaveLength(1)
    expect(await go(app, browser, who)).toMatchObject({ userId })
  })

  test('and a handler that gives up and signs out: nothing is left to be listed', async () => {
    const { app, repair } = appWithBrokenIndex()
    const userId = newUser()
    app.handler = async (session) => {
      await session.signIn(userId).catch(() => undefined)
      await session.signOut()
      repair()
    }
    expect((await app.browser().fetch('/')).status).toBe(200)
    expect(await app.sessions.user(userId, {}).list()).toEqual([])
  })

  test('and stays broken: no cookie leaves for a session that is on no list', async () => {
    const app = newApp({
      accounts: {
        index: userIndex({
          idFromName: (name) => env.USERS.idFromName(name),
          get: () => {
            throw lost
          },
        }),
      },
    })
    const signIn = async (session: AppSession): Promise<string> => {
      await session.signIn(newUser()).catch(() => undefined)
      return 'ok'
    }
    const inner = app.sessions.withSession(({ session }) => signIn(session))
    const handlers: readonly Handler[] = [
      signIn,
      // A wrapper within another has a response of its own.
      (_, request) => inner(request, {}, CONTEXT),
    ]
    for (const handler of handlers) {
      const browser = app.browser()
      app.handler = handler
      // oxlint-disable-next-line no-await-in-loop
      const response = await browser.fetch('/')
      expect(response.status).toBe(503)
      expect(browser.cookies.size).toBe(0)
    }
  })
})
