import { env } from 'cloudflare:workers'

import {
  type AccountMethods,
  accounts,
  type AccountsOfLayer,
  type AccountsOptions,
} from '../../src/accounts.ts'
import {
  createSessions,
  type Feature,
  type Session,
  type SessionEvent,
  type SessionOptions,
  type Sessions,
} from '../../src/index.ts'
import { cached, type CachedOptions } from '../../src/store/cached.ts'
import { durableObjectStore } from '../../src/store/durable-object.ts'
import { Browser } from './browser.ts'
import { countingStore } from './counting-store.ts'
import { inWorld } from './worlds.ts'

/** The session of a test's handler. */
export type AppSession = Session & AccountMethods

/** A handler of a test. What it gives is answered as JSON, `undefined` as null; a Response as it is. */
export type Handler = (session: AppSession, request: Request) => unknown

export interface App {
  /** A new visitor. */
  readonly browser: (origin?: string) => Browser
  /** The layer itself. */
  readonly sessions: Sessions<
    Record<string, unknown>,
    unknown,
    Record<string, unknown>,
    AccountMethods
  > &
    AccountsOfLayer
  /** What the next requests run. */
  handler: Handler
  readonly events: SessionEvent[]
  /** The store's calls by name, in order. Empty it with `length = 0`. */
  readonly calls: string[]
  /** The clock, in milliseconds; only tests move it. */
  now: number
}

/** The options of `createSessions`, and those of two features that many tests use. */
export interface AppOptions extends Partial<SessionOptions<unknown>> {
  readonly accounts?: AccountsOptions
  /** Has copies answer the reads; what they ask of the store is counted. */
  readonly cached?: CachedOptions
  /** True if something in the same request reads the session before the handler runs, as a middleware does. */
  readonly reading?: boolean
  /** The clock, if something else tells the time by it too. */
  readonly clock?: Clock
  /** True if a second passes before each request, unless the test has moved the clock since the last one. */
  readonly isInSeconds?: boolean
}

/** A clock, in milliseconds. */
export interface Clock {
  now: number
  /** The time at which the last request ended. */
  leftAt?: number
}

/**
 * A Worker in small: one session layer with its own clock, events and counted store, and a handler that each test sets.
 * On real Durable Objects unless another store is given; with `accounts()`.
 */
export function newApp(appOptions: AppOptions = {}): App {
  const {
    accounts: users,
    cached: copies,
    use,
    reading = false,
    clock = { now: Date.now() },
    isInSeconds = false,
    ...options
  } = inWorld(appOptions)
  const given = options.store ?? durableObjectStore(env.SESSIONS)
  const { store, calls } = countingStore(typeof given === 'function' ? given(env) : given)
  const events: SessionEvent[] = []
  const features: readonly Feature[] = use ?? []
  const sessions = createSessions({
    secrets: [env.SESSION_SECRET],
    onEvent: (event) => void events.push(event),
    now: () => app.now,
    // A call on a busy machine is no failure of the store.
    storeTimeout: 60,
    ...options,
    store: copies === undefined ? store : cached(store, copies),
    use: [accounts(users), ...features],
  })
  const fetch = sessions.withSession(async (request) => {
    const { handler } = app
    if (reading) await beforehand(request.session, calls)
    return (await handler(request.session, request)) ?? null
  })
  const bindings = {}
  let underWay = 0
  const server = async (request: Request): Promise<Response> => {
    if (isInSeconds && underWay === 0 && clock.now === clock.leftAt) clock.now += 1000
    underWay += 1
    try {
      return await fetch(request, bindings, CONTEXT)
    } finally {
      underWay -= 1
      clock.leftAt = clock.now
    }
  }
  const app: App = {
    browser: (origin) => new Browser(server, origin),
    sessions,
    handler: () => 'ok',
    events,
    calls,
    get now() {
      return clock.now
    },
    set now(now) {
      clock.now = now
    },
  }
  return app
}

/** Reads the session before the handler runs. Those calls are not the handler's. */
export async function beforehand(session: Session, calls: string[]): Promise<void> {
  const { length } = calls
  await session.get('theme')
  calls.splice(length)
}

const CONTEXT = { waitUntil: () => undefined, passThroughOnException: () => undefined }
