import { env } from 'cloudflare:workers'

import {
  createSessions,
  type DataOptions,
  type Session,
  type SessionEvent,
  type SessionOptions,
  type Sessions,
} from '../../src/index.ts'
import { durableObjectStore } from '../../src/store/durable-object.ts'
import { Browser } from './browser.ts'
import { countingStore } from './counting-store.ts'

/** A handler of a test. What it gives is answered as JSON, `undefined` as null; a Response as it is. */
export type Handler = (session: Session, request: Request) => unknown

export interface App {
  /** A new visitor. */
  readonly browser: (origin?: string) => Browser
  /** The layer itself. */
  readonly sessions: Sessions<Record<string, unknown>, unknown, Record<string, unknown>>
  /** What the next requests run. */
  handler: Handler
  readonly events: SessionEvent[]
  /** The store's calls by name, in order. Empty it with `length = 0`. */
  readonly calls: string[]
  /** The clock, in milliseconds; only tests move it. */
  now: number
}

export type AppOptions = Partial<SessionOptions<unknown>> &
  DataOptions<unknown, Record<string, unknown>>

/**
 * A Worker in small: one session layer with its own clock, events and counted store, and a handler that each test sets.
 * On real Durable Objects unless another store is given.
 */
export function newApp(options: AppOptions = {}): App {
  const given = options.store ?? durableObjectStore(env.SESSIONS)
  const { store, calls } = countingStore(typeof given === 'function' ? given(env) : given)
  const events: SessionEvent[] = []
  const sessions = createSessions({
    secrets: [env.SESSION_SECRET],
    onEvent: (event) => void events.push(event),
    now: () => app.now,
    ...options,
    store,
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
