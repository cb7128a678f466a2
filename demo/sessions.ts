import {
  type AccountMethods,
  accounts,
  type AccountsOfLayer,
  type UserIndex,
} from '../src/accounts.ts'
import { bound } from '../src/bound.ts'
import { createSessions, json, jsonLog, type RefusalHandler, type Sessions } from '../src/index.ts'
import { once } from '../src/once.ts'
import { remembering } from '../src/remember.ts'
import { renewing } from '../src/renew.ts'
import { durableObjectStore, type SessionObjectNamespace } from '../src/store/durable-object.ts'
import { kvStore, type SessionKvNamespace } from '../src/store/kv.ts'
import { userIndex, type UserObjectNamespace } from '../src/store/user-index.ts'
import { countedKv, countedStore, countedUsers } from './cost.ts'
import type { Data } from './data.ts'
import type { DocumentNamespace } from './lab/whole-document.ts'

/** The bindings of wrangler.toml. */
export interface Env {
  readonly SESSION_SECRET: string
  readonly SESSIONS: SessionObjectNamespace
  readonly USERS: UserObjectNamespace
  readonly SESSION_KV: SessionKvNamespace
  readonly DOCUMENTS: DocumentNamespace
  /** The files of `docs/`. */
  readonly DOCS: Pick<Fetcher, 'fetch'>
}

export type Flash = Record<string, unknown>

/** One of the playground's two stores. */
export interface Place {
  /** The beginning of its paths. */
  readonly base: '' | '/kv'
  readonly name: string
  readonly cookieName: string
  readonly isAtomic: boolean
  readonly sessions: Sessions<Data, Env, Flash, AccountMethods> & AccountsOfLayer<Env>
}

export const IDLE_SECONDS: number = 30 * 60
export const ABSOLUTE_SECONDS: number = 12 * 3600
/** Both timeouts for users who stay signed in. */
export const REMEMBERED_SECONDS: number = 30 * 86_400

const remember = remembering({
  idleTimeout: REMEMBERED_SECONDS,
  absoluteTimeout: REMEMBERED_SECONDS,
})

/** The seconds for which the device's cookie is valid: half of the default, so that a refresh is soon visible. */
export const BOUND_SECONDS: number = 300

/** The data that a sign-out deletes besides the cookie. */
const CLEARED = ['cache', 'storage'] as const

function index(env: Env): UserIndex {
  return countedUsers(userIndex(env.USERS))
}

/** Always data: `problemPage` makes the page, in the playground's frame. */
const onRefused: RefusalHandler = (problem) =>
  Response.json(problem, {
    status: problem.status,
    headers: { 'Content-Type': 'application/problem+json' },
  })

/** Binds sessions to their devices. Its routes answer the browser. */
export const device = bound({ cookieSeconds: BOUND_SECONDS })

/** The sessions in objects, which can provide leases and store the keys of devices. */
export const inObjects = createSessions({
  data: json<Data, Flash>(),
  onRefused,
  secrets: (env: Env) => [env.SESSION_SECRET],
  store: (env) => countedStore(durableObjectStore(env.SESSIONS)),
  use: [
    accounts({ index, clearSiteData: CLEARED, remember }),
    renewing({ everySeconds: 15 * 60 }),
    once(),
    device,
  ],
  idleTimeout: IDLE_SECONDS,
  absoluteTimeout: ABSOLUTE_SECONDS,
  onEvent: jsonLog,
})

const IN_OBJECTS: Place = {
  base: '',
  name: 'Durable Objects',
  cookieName: '__Host-session',
  isAtomic: true,
  sessions: inObjects,
}

const IN_KV: Place = {
  base: '/kv',
  name: 'Workers KV',
  // Both stores answer on one host, so each needs its own cookie.
  cookieName: '__Host-session-kv',
  isAtomic: false,
  sessions: createSessions({
    data: json<Data, Flash>(),
    secrets: (env: Env) => [env.SESSION_SECRET],
    store: (env) => countedStore(kvStore(countedKv(env.SESSION_KV))),
    onRefused,
    use: [accounts({ index, clearSiteData: CLEARED, remember })],
    cookie: { name: '__Host-session-kv' },
    idleTimeout: IDLE_SECONDS,
    absoluteTimeout: ABSOLUTE_SECONDS,
    onEvent: jsonLog,
  }),
}

export const PLACES: readonly Place[] = [IN_OBJECTS, IN_KV]
