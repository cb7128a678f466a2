import { AutoRouter, StatusError } from 'itty-router'

import { createSessions, jsonLog } from '../src/index.ts'
import {
  durableObjectStore,
  SessionObject,
  type SessionObjectNamespace,
} from '../src/store/durable-object.ts'
import { kvStore, type SessionKvNamespace } from '../src/store/kv.ts'
import { userIndex, UserObject, type UserObjectNamespace } from '../src/store/user-index.ts'
import { accountRoutes } from './account-routes.ts'
import type { Data } from './data.ts'
import { errorResponse, problemPage } from './errors.ts'
import { sessionRoutes } from './routes.ts'

export { SessionObject, UserObject }

interface Env {
  readonly SESSION_SECRET: string
  readonly SESSIONS: SessionObjectNamespace
  readonly USERS: UserObjectNamespace
  readonly SESSION_KV: SessionKvNamespace
}

const inObjects = createSessions<Data, Env>({
  secrets: (env) => [env.SESSION_SECRET],
  store: (env) => durableObjectStore(env.SESSIONS),
  users: (env) => userIndex(env.USERS),
  idleTimeout: 30 * 60,
  absoluteTimeout: 12 * 3600,
  renewEvery: 15 * 60,
  clearSiteData: ['cache', 'storage'],
  onEvent: jsonLog,
})

const inKv = createSessions<Data, Env>({
  secrets: (env) => [env.SESSION_SECRET],
  store: (env) => kvStore(env.SESSION_KV),
  users: (env) => userIndex(env.USERS),
  // Both stores answer on one host, so that each needs a cookie of its own.
  cookie: { name: '__Host-session-kv' },
  idleTimeout: 30 * 60,
  absoluteTimeout: 12 * 3600,
  clearSiteData: ['cache', 'storage'],
  onEvent: jsonLog,
})

const router = AutoRouter({
  catch: errorResponse,
  missing: () => {
    throw new StatusError(404, 'There is nothing here.')
  },
  finally: [problemPage],
})
router.all('/kv/*', sessionRoutes(inKv, '/kv').fetch)
router.all('/kv/*', accountRoutes(inKv, '/kv').fetch)
router.all('*', sessionRoutes(inObjects, '').fetch)
router.all('*', accountRoutes(inObjects, '').fetch)
export default router
