import { createExecutionContext } from 'cloudflare:test'
import { env } from 'cloudflare:workers'
import { afterEach, describe, expect, test, vi } from 'vitest'

import { accounts } from '../../src/accounts.ts'
import { sessionHooks } from '../../src/adapter/sveltekit.ts'
import { createSessions, json, type SessionOf, type SessionOptions } from '../../src/index.ts'
import { durableObjectStore } from '../../src/store/durable-object.ts'
import {
  HttpError,
  type KitEvent,
  type KitHandle,
  type KitHooks,
  newKitBrowser,
  Redirect,
} from '../support/kit-app.ts'

interface Data {
  a: number
  visits: number
}

interface Flash {
  notice: string
}

type Options = Partial<Omit<SessionOptions<Cloudflare.Env>, 'data' | 'use'>>

function newSessions(options: Options = {}) {
  return createSessions({
    secrets: (own: Cloudflare.Env) => [own.SESSION_SECRET],
    store: (own) => durableObjectStore(own.SESSIONS),
    ...options,
    data: json<Data, Flash>(),
    use: [accounts()],
  })
}

type Sessions = ReturnType<typeof newSessions>
type Own = SessionOf<Sessions>
type Event = KitEvent<Cloudflare.Env, Own>
type Route = (event: Event) => unknown

const platform = { env, ctx: createExecutionContext() }
const ROUTES: Record<string, Route> = {
  '/all': ({ locals }) => locals.session.all(),
  '/visit': ({ locals }) => locals.session.increment('visits'),
  '/set': ({ locals }) => {
    locals.session.set('a', 1)
    return 'set'
  },
  '/flashes': ({ locals }) => locals.session.flashes(),
  '/sign-in': ({ locals }) => locals.session.signIn('ada'),
  '/plain': () => 'plain',
}

/** A visitor of an application with these hooks and routes, next to the usual ones. */
function visitorOf(
  hooks: KitHooks<Cloudflare.Env, Own>,
  routes: Record<string, Route> = {},
  from: Pick<Event, 'platform'> = { platform },
) {
  const all = { ...ROUTES, ...routes }
  return newKitBrowser(
    hooks,
    (event) => all[new URL(event.request.url).pathname]?.(event),
    from.platform,
  )
}

/** SvelteKit's `sequence` of two. */
function sequence(
  first: KitHandle<Cloudflare.Env, Own>,
  second: KitHandle<Cloudflare.Env, Own>,
): KitHandle<Cloudflare.Env, Own> {
  return ({ event, resolve }) =>
    first({ event, resolve: (inner) => second({ event: inner, resolve }) })
}

/** Ends the session of a request behind its back, as another tab does. */
async function endElsewhere(sessions: Sessions, { url, headers }: Request): Promise<void> {
  const other = await sessions.open(new Request(url, { headers }), env)
  await other.destroy()
  await sessions.commit(other, new Response())
}

afterEach(() => vi.restoreAllMocks())

describe('the hooks of SvelteKit', () => {
  test('have the session in the locals, and commit it', async () => {
    const browser = visitorOf(sessionHooks(newSessions()))
    const plain = await browser.fetch('/plain')
    expect(plain.headers.getSetCookie()).toEqual([])
    await browser.fetch('/set')
    expect(await browser.json('/visit')).toBe(1)
    expect(await browser.json('/all')).toEqual({ a: 1, visits: 1 })
  })

  test('keep what was recorded before a redirect that is thrown, and its cookie', async () => {
    const browser = visitorOf(sessionHooks(newSessions()), {
      '/leave': ({ locals }) => {
        locals.session.set('a', 2)
        throw new Redirect(303, '/all')
      },
    })
    const response = await browser.fetch('/leave')
    expect([response.status, response.headers.get('location')]).toEqual([303, '/all'])
    expect(response.headers.get('Cache-Control')).toBe('private, no-store')
    expect(await browser.json('/all')).toEqual({ a: 2 })
  })

  test('keep what was recorded before an expected error, and drop it before one of 500', async () => {
    const failing =
      (status: number, a: number): Route =>
      ({ locals }) => {
        locals.session.set('a', a)
        throw new HttpError(status)
      }
    const browser = visitorOf(sessionHooks(newSessions()), {
      '/absent': failing(404, 4),
      '/broken': failing(500, 5),
    })
    expect((await browser.fetch('/absent')).status).toBe(404)
    expect(await browser.json('/all')).toEqual({ a: 4 })
    expect((await browser.fetch('/broken')).status).toBe(500)
    expect(await browser.json('/all')).toEqual({ a: 4 })
  })

  test('drop what was recorded before an unexpected error, and send the cookie of what was awaited', async () => {
    const logged = vi.spyOn(console, 'error').mockReturnValue()
    const error = new Error('broken on purpose')
    const browser = visitorOf(sessionHooks(newSessions()), {
      '/broken': async ({ locals }) => {
        await locals.session.increment('visits')
        locals.session.set('a', 1)
        throw error
      },
    })
    const response = await browser.fetch('/broken')
    expect([response.status, await response.json()]).toEqual([500, { message: 'Internal Error' }])
    expect(await browser.json('/all')).toEqual({ visits: 1 })
    expect(logged.mock.calls).toEqual([[error]])
  })

  test('call the hook of the application for an error, and return what it returns', async () => {
    const errors: unknown[] = []
    const hooks = sessionHooks(newSessions(), {
      handleError: ({ error }) => {
        errors.push(error)
        return { message: 'Try again' }
      },
    })
    const error = new Error('broken on purpose')
    const browser = visitorOf(hooks, { '/broken': () => Promise.reject(error) })
    const response = await browser.fetch('/broken')
    expect([response.status, await response.json()]).toEqual([500, { message: 'Try again' }])
    expect(errors).toEqual([error])
  })

  test('keep what was recorded for a page that SvelteKit does not find', async () => {
    vi.spyOn(console, 'error').mockReturnValue()
    const hooks = sessionHooks(newSessions())
    const browser = visitorOf(hooks, {
      '/unknown': async (event) => {
        event.locals.session.set('a', 4)
        const message = 'Not Found'
        hooks.handleError({ error: new Error(message), event, status: 404, message })
        return new Response(message, { status: 404 })
      },
    })
    expect((await browser.fetch('/unknown')).status).toBe(404)
    expect(await browser.json('/all')).toEqual({ a: 4 })
  })

  test('give no session where there is no env, as while pages are made by the build', async () => {
    const seen: unknown[] = []
    const route: Route = ({ locals }) => {
      seen.push('session' in locals)
      return 'made'
    }
    const browser = visitorOf(
      sessionHooks(newSessions()),
      { '/made': route },
      { platform: undefined },
    )
    expect(await browser.json('/made')).toBe('made')
    expect(seen).toEqual([false])
  })

  test('take env from elsewhere, if they are told', async () => {
    const hooks = sessionHooks(newSessions(), { env: () => env })
    expect(await visitorOf(hooks, {}, { platform: undefined }).json('/visit')).toBe(1)
  })

  test('do not count a poll as use', async () => {
    const clock = { now: Date.now() }
    const sessions = newSessions({ idleTimeout: 100, touchInterval: 5, now: () => clock.now })
    const hooks = sessionHooks(sessions, { touch: ({ request }) => !request.url.includes('poll') })
    const browser = visitorOf(hooks, { '/poll': ({ locals }) => locals.session.all() })
    await browser.fetch('/set')
    clock.now += 60_000
    expect(await browser.json('/poll')).toEqual({ a: 1 })
    clock.now += 60_000
    expect(await browser.json('/poll')).toEqual({})
  })
})

describe('a redirect that a later hook of the sequence throws', () => {
  const guard: KitHandle<Cloudflare.Env, Own> = async ({ event, resolve }) => {
    if (event.request.url.endsWith('/visit')) {
      event.locals.session.flash('notice', 'Please sign in')
      throw new Redirect(303, '/flashes')
    }
    return resolve(event)
  }

  test.for<Options['cookie']>([
    {},
    { persistent: true },
    { name: 'site', domain: 'app.example', sameSite: 'strict', priority: undefined },
    { name: '__Host-embedded', sameSite: 'none', partitioned: true, priority: 'Low' },
  ])('keeps the message, and has the cookie of %o', async (cookie) => {
    const sessions = newSessions({ cookie })
    const hooks = sessionHooks(sessions)
    const browser = visitorOf({ ...hooks, handle: sequence(hooks.handle, guard) })
    const response = await browser.fetch('/visit')
    expect([response.status, response.headers.get('location')]).toEqual([303, '/flashes'])
    const [sent = '', ...others] = response.headers.getSetCookie()
    expect(others).toEqual([])
    const plain = await visitorOf(hooks).fetch('/set')
    expect(attributesOf(sent)).toEqual(attributesOf(plain.headers.getSetCookie()[0] ?? ''))
    expect(await browser.json('/flashes')).toEqual({ notice: 'Please sign in' })
  })

  test('is answered by 409 if the session has ended meanwhile', async () => {
    const sessions = newSessions()
    const hooks = sessionHooks(sessions)
    const late: KitHandle<Cloudflare.Env, Own> = async ({ event, resolve }) => {
      if (!event.request.url.endsWith('/late')) return resolve(event)
      await event.locals.session.load()
      await endElsewhere(sessions, event.request)
      event.locals.session.flash('notice', 'late')
      throw new Redirect(303, '/')
    }
    const browser = visitorOf({ ...hooks, handle: sequence(hooks.handle, late) })
    await browser.fetch('/set')
    expect((await browser.fetch('/late')).status).toBe(409)
    expect(browser.cookies.size).toBe(0)
  })
})

describe('in SvelteKit an error of the session', () => {
  /** Writes after the session has ended: what is recorded, and what is awaited. */
  function lateRoutes(sessions: Sessions): Record<string, Route> {
    const late = async ({ request, locals: { session } }: Event): Promise<Own> => {
      await session.load()
      await endElsewhere(sessions, request)
      return session
    }
    return {
      '/recorded': async (event) => (await late(event)).set('a', 2),
      '/awaited': async (event) => (await late(event)).increment('visits'),
    }
  }

  test.for(['/recorded', '/awaited'])('is a 409 if a write is late: %s', async (path) => {
    vi.spyOn(console, 'error').mockReturnValue()
    const sessions = newSessions()
    const browser = visitorOf(sessionHooks(sessions), lateRoutes(sessions))
    await browser.fetch('/set')
    const response = await browser.fetch(path)
    expect(response.status).toBe(409)
    expect(await response.json()).toMatchObject({ code: 'ERR_SESSION_ENDED' })
    expect(browser.cookies.size).toBe(0)
  })

  test.for(['/recorded', '/awaited'])(
    'is a 409 without handleError, and on data that SvelteKit sends with 200: %s',
    async (path) => {
      vi.spyOn(console, 'error').mockReturnValue()
      const sessions = newSessions()
      const { handle, handleError } = sessionHooks(sessions)
      const browser = visitorOf({ handle }, lateRoutes(sessions))
      await browser.fetch('/set')
      expect((await browser.fetch(path)).status).toBe(409)
      // The data of a client-side navigation: the error is a part of it, and known by `handleError` only.
      const asData: KitHandle<Cloudflare.Env, Own> = async ({ event, resolve }) => {
        const { body } = await resolve(event)
        return new Response(body)
      }
      const another = visitorOf(
        { handle: sequence(handle, asData), handleError },
        lateRoutes(sessions),
      )
      await another.fetch('/set')
      expect((await another.fetch(path)).status).toBe(409)
    },
  )

  test.for(['/recorded', '/awaited'])(
    'is what `enhance` reads, for its action: %s',
    async (path) => {
      vi.spyOn(console, 'error').mockReturnValue()
      const sessions = newSessions()
      const browser = visitorOf(sessionHooks(sessions), lateRoutes(sessions))
      await browser.fetch('/set')
      const headers = { Accept: 'application/json', 'x-sveltekit-action': 'true' }
      const response = await browser.fetch(path, { method: 'POST', headers })
      expect(response.status).toBe(409)
      expect(await response.json()).toEqual({
        type: 'error',
        error: { message: expect.stringContaining('The session ended') },
      })
      expect(browser.cookies.size).toBe(0)
    },
  )

  test('is not hidden by another error, of the page for errors', async () => {
    vi.spyOn(console, 'error').mockReturnValue()
    const sessions = newSessions()
    const hooks = sessionHooks(sessions)
    const message = 'Internal Error'
    const browser = visitorOf(hooks, {
      '/twice': async (event) => {
        await event.locals.session.load()
        await endElsewhere(sessions, event.request)
        const error: unknown = await event.locals.session.increment('visits').catch((late) => late)
        for (const each of [error, new Error('broken on purpose')])
          hooks.handleError({ error: each, event, status: 500, message })
        return new Response(message, { status: 500 })
      },
    })
    await browser.fetch('/set')
    expect((await browser.fetch('/twice')).status).toBe(409)
  })

  test('is a 503 if the store fails, in a handler and after it', async () => {
    vi.spyOn(console, 'error').mockReturnValue()
    const down = { isDown: false }
    const sessions = newSessions({
      store: (own) => {
        const store = durableObjectStore(own.SESSIONS)
        const failing = () => Promise.reject(new Error('down'))
        return {
          ...store,
          read: (...call) => (down.isDown ? failing() : store.read(...call)),
          write: (...call) => (down.isDown ? failing() : store.write(...call)),
        }
      },
    })
    const browser = visitorOf(sessionHooks(sessions))
    await browser.fetch('/set')
    down.isDown = true
    for (const path of ['/all', '/set']) {
      const response = await browser.fetch(path)
      expect([path, response.status]).toEqual([path, 503])
      expect(response.headers.get('Retry-After')).toBe('5')
    }
    down.isDown = false
    expect(await browser.json('/all')).toEqual({ a: 1 })
  })
})

/** The name of a cookie and its attributes, in any order. */
function attributesOf(setCookie: string): string[] {
  const [pair = '', ...attributes] = setCookie.split('; ')
  return [pair.replace(/=.*/, ''), ...attributes.toSorted()]
}
