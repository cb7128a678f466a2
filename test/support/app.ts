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
}

/**
 * A Worker in small: one session layer with its own clock, events and counted store, and a handler that each test sets.
 * On real Durable Objects unless another store is given; with `accounts()`.
 */
export function newApp({ accounts: users, cached: copies, use, ...options }: AppOptions = {}): App {
  const given = options.store ?? durableObjectStore(env.SESSIONS)
  const { store, calls } = countingStore(typeof given === 'function' ? given(env) : given)
  const events: SessionEvent[] = []
  const features: readonly Feature[] = use ?? []
  const sessions = createSessions({
    secrets: [env.SESSION_SECRET],
    onEvent: (event) => void events.push(event),
    now: () => app.now,
    ...options,
    store: copies === undefined ? store : cached(store, copies),
    use: [accounts(users), ...features],
  })
  const fetch = sessions.withSession(
    async (request) => (await app.handler(request.session, request)) ?? null,
  )
  const bindings = {}
  const server = (request: Request): Promise<Response> => fetch(request, bindings, CONTEXT)
  const app: App = {
    browser: (origin) => new Browser(server, origin),
    sessions,
    handler: () => 'ok',
    events,
    calls,
    now: Date.now(),
  }
  return app
}

const CONTEXT = { waitUntil: () => undefined, passThroughOnException: () => undefined }
