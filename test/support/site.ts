import { env } from 'cloudflare:workers'

import { accounts } from '../../src/accounts.ts'
import { csrfToken } from '../../src/guard/csrf.ts'
import {
  createSessions,
  type Feature,
  type RequestContext,
  type SessionEvent,
  type SessionOptions,
} from '../../src/index.ts'
import { cached } from '../../src/store/cached.ts'
import { durableObjectStore } from '../../src/store/durable-object.ts'
import { type App, beforehand } from './app.ts'
import { Browser } from './browser.ts'
import { countingStore } from './counting-store.ts'
import { inWorld } from './worlds.ts'

export const CONTEXT: RequestContext = {
  waitUntil: () => undefined,
  passThroughOnException: () => undefined,
}

type Route = (request: Request, env: unknown, ctx: RequestContext) => Promise<Response | undefined>

/** A Worker in small, with a route for each thing that changes a session, and those that a test adds. */
export interface Site {
  readonly sessions: App['sessions']
  readonly browser: (origin?: string) => Browser
  readonly events: SessionEvent[]
  readonly calls: string[]
  /** What each path runs, next to `/sign-in`, `/regenerate`, `/sign-out`, `/set` and `/token`. */
  readonly routes: Record<string, Route>
  now: number
}

/** A site on real objects, with its own clock, events and counted store, and with `accounts()`. */
export function newSite(siteOptions: Partial<SessionOptions<unknown>> = {}): Site {
  const {
    use,
    store: given = durableObjectStore(env.SESSIONS),
    cached: copies,
    reading = false,
    clock = { now: Date.now() },
    isInSeconds = false,
    ...options
  } = inWorld(siteOptions)
  const { store, calls } = countingStore(typeof given === 'function' ? given(env) : given)
  const events: SessionEvent[] = []
  const features: readonly Feature[] = use ?? []
  const sessions = createSessions({
    secrets: [env.SESSION_SECRET],
    store: copies === undefined ? store : cached(store, copies),
    onEvent: (event) => void events.push(event),
    now: () => site.now,
    // A call on a busy machine is no failure of the store.
    storeTimeout: 60,
    ...options,
    use: [accounts(), ...features],
  })
  const { withSession } = sessions
  const routes: Record<string, Route> = {
    '/sign-in': withSession(async ({ session, url }) => {
      const aal = Number(new URL(url).searchParams.get('aal') ?? 0) as 1 | 2 | 3
      await session.signIn('ada', aal > 0 ? { aal } : {})
      return 'ok'
    }),
    '/regenerate': withSession(async ({ session }) => {
      await session.regenerate()
      return 'ok'
    }),
    '/sign-out': withSession(async ({ session }) => {
      await session.signOut()
      return 'ok'
    }),
    '/set': withSession(({ session }) => {
      session.set('a', 1)
      return 'ok'
    }),
    '/token': withSession(async ({ session }) => csrfToken(session)),
  }
  const fetch = async (request: Request): Promise<Response> => {
    const route = routes[new URL(request.url).pathname]
    return (await route?.(request, {}, CONTEXT)) ?? new Response('not found', { status: 404 })
  }
  // A wrapper around all routes that has read the session.
  const fetchAfterRead = withSession(async (request) => {
    await beforehand(request.session, calls)
    return fetch(request)
  })
  const server = async (request: Request): Promise<Response> => {
    if (isInSeconds && clock.now === clock.leftAt) clock.now += 1000
    clock.leftAt = clock.now
    return reading ? fetchAfterRead(request, {}, CONTEXT) : fetch(request)
  }
  const site: Site = {
    sessions,
    browser: (origin) => new Browser(server, origin),
    events,
    calls,
    routes,
    get now() {
      return clock.now
    },
    set now(now) {
      clock.now = now
    },
  }
  return site
}

/** A browser in which Ada has signed in. */
export async function signedIn(site: Site, aal = ''): Promise<Browser> {
  const browser = site.browser()
  await browser.fetch(`/sign-in?${aal}`)
  site.calls.length = 0
  return browser
}
