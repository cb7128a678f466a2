import { createExecutionContext } from 'cloudflare:test'
import { env } from 'cloudflare:workers'
import { describe, expect, test } from 'vitest'

import { accounts } from '../../src/accounts.ts'
import { type AstroContext, sessionMiddleware } from '../../src/adapter/astro.ts'
import { createSessions, json, type SessionOf, type SessionOptions } from '../../src/index.ts'
import { durableObjectStore } from '../../src/store/durable-object.ts'
import { Browser } from '../support/browser.ts'

interface Data {
  a: number
  visits: number
}

function newSessions(options: Partial<Omit<SessionOptions<Cloudflare.Env>, 'data' | 'use'>> = {}) {
  return createSessions({
    secrets: (own: Cloudflare.Env) => [own.SESSION_SECRET],
    store: (own) => durableObjectStore(own.SESSIONS),
    ...options,
    data: json<Data>(),
    use: [accounts()],
  })
}

type Sessions = ReturnType<typeof newSessions>
type Own = SessionOf<Sessions>
type Route = (session: Own, request: Request) => unknown

const ROUTES: Record<string, Route> = {
  '/all': (session) => session.all(),
  '/visit': (session) => session.increment('visits'),
  '/set': (session) => {
    session.set('a', 1)
    return 'set'
  },
  '/plain': () => 'plain',
  '/broken': async (session) => {
    await session.increment('visits')
    session.set('a', 5)
    throw new Error('broken on purpose')
  },
}

/**
 * A visitor of a stand-in for Astro's server (7.3: `core/errors/default-handler.js`), which does not run without its build:
 * what a page throws reaches the middleware, and the page for errors is rendered with the middleware again, for the same
 * request and with locals of its own. The real one is in examples/frameworks/astro.
 */
function visitorOf(
  middleware: ReturnType<typeof sessionMiddleware>,
  routes: Record<string, Route> = {},
  isPrerendered = false,
): Browser {
  const all: Record<string, Route> = { ...ROUTES, ...routes }
  return new Browser(async (request) => {
    const render = (route: Route | undefined, status: number): Promise<Response> => {
      const locals = { cfContext: createExecutionContext() } as { session?: Own }
      const context: AstroContext = { request, locals, isPrerendered }
      return middleware(context, async () => {
        // A page that is prerendered has none.
        const made = await route?.(locals.session as Own, request)
        return made instanceof Response ? made : Response.json(made ?? null, { status })
      })
    }
    try {
      return await render(all[new URL(request.url).pathname], 200)
    } catch (error) {
      return render(async (session) => ({ error: String(error), data: await session.all() }), 500)
    }
  })
}

/** Ends the session of a request behind its back, as another tab does. */
async function endElsewhere(sessions: Sessions, { url, headers }: Request): Promise<void> {
  const other = await sessions.open(new Request(url, { headers }), env)
  await other.destroy()
  await sessions.commit(other, new Response())
}

describe('the middleware for Astro', () => {
  test('has the session in the locals, and commits it', async () => {
    const browser = visitorOf(sessionMiddleware(newSessions(), { env: () => env }))
    expect((await browser.fetch('/plain')).headers.getSetCookie()).toEqual([])
    await browser.fetch('/set')
    expect(await browser.json('/visit')).toBe(1)
    expect(await browser.json('/all')).toEqual({ a: 1, visits: 1 })
  })

  test.for(['a new visitor', 'a known visitor'])(
    'gives the page for errors the session, and sends what was awaited: %s',
    async (who) => {
      const browser = visitorOf(sessionMiddleware(newSessions(), { env: () => env }))
      const isKnown = who === 'a known visitor'
      if (isKnown) await browser.fetch('/set')
      const kept = isKnown ? { a: 1, visits: 1 } : { visits: 1 }
      const response = await browser.fetch('/broken')
      expect(response.status).toBe(500)
      expect(await response.json()).toEqual({ error: 'Error: broken on purpose', data: kept })
      expect(await browser.json('/all')).toEqual(kept)
    },
  )

  test('gives no session and asks for no env while a page is made by the build', async () => {
    const asked: string[] = []
    const middleware = sessionMiddleware(newSessions(), {
      env: () => {
        asked.push('env')
        return env
      },
    })
    const route: Route = (session) => session === undefined
    expect(await visitorOf(middleware, { '/made': route }, true).json('/made')).toBe(true)
    expect(asked).toEqual([])
  })

  test.for(['recorded', 'awaited'])('answers a late write by 409: %s', async (kind) => {
    const sessions = newSessions()
    const browser = visitorOf(sessionMiddleware(sessions, { env: () => env }), {
      '/late': async (session, request) => {
        await session.load()
        await endElsewhere(sessions, request)
        if (kind === 'awaited') await session.increment('visits')
        session.set('a', 2)
      },
    })
    await browser.fetch('/set')
    const response = await browser.fetch('/late')
    expect(response.status).toBe(409)
    expect(await response.json()).toMatchObject({ code: 'ERR_SESSION_ENDED' })
    expect(browser.cookies.size).toBe(0)
  })

  test('answers by 503 if the store fails', async () => {
    const down = { isDown: false }
    const sessions = newSessions({
      store: (own) => {
        const store = durableObjectStore(own.SESSIONS)
        const read: typeof store.read = (...call) =>
          down.isDown ? Promise.reject(new Error('down')) : store.read(...call)
        return { ...store, read }
      },
    })
    const browser = visitorOf(sessionMiddleware(sessions, { env: () => env }))
    await browser.fetch('/set')
    down.isDown = true
    expect((await browser.fetch('/all')).status).toBe(503)
    down.isDown = false
    expect(await browser.json('/all')).toEqual({ a: 1 })
  })

  test('does not count a poll as use', async () => {
    const clock = { now: Date.now() }
    const sessions = newSessions({ idleTimeout: 100, touchInterval: 5, now: () => clock.now })
    const middleware = sessionMiddleware(sessions, {
      env: () => env,
      touch: ({ request }) => !request.url.endsWith('/poll'),
    })
    const browser = visitorOf(middleware, { '/poll': (session) => session.all() })
    await browser.fetch('/set')
    clock.now += 60_000
    expect(await browser.json('/poll')).toEqual({ a: 1 })
    clock.now += 60_000
    expect(await browser.json('/poll')).toEqual({})
  })
})
