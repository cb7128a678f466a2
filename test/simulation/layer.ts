import type { SessionStore } from '../../src/index.ts'
import type { SessionKvNamespace } from '../../src/store/kv.ts'
import type { Library } from './library.ts'
import type { Plan, Setting } from './plan.ts'

const SECRET = 'a secret of the simulation, which is long enough'
export const MAX_AGE_SECONDS = 30
export const GRACE_SECONDS = 60

interface Bindings {
  readonly SESSIONS: object
  readonly USERS: object
  readonly COPIES: SessionKvNamespace
  readonly SESSION_KV: SessionKvNamespace
}

/** The layer of one Worker, as the plan's setting has it. */
// oxlint-disable-next-line typescript/explicit-module-boundary-types -- it follows from the features
export function layerOf(library: Library, { setting }: Plan, env: Bindings, now: () => number) {
  const { createSessions, accounts, renewing, userIndex } = library
  // No object can reach the sessions of a process.
  const users = setting.store === 'memory' ? accounts() : accounts({ index: userIndex(env.USERS) })
  const renewal = renewing({ everySeconds: 120, graceSeconds: GRACE_SECONDS })
  return createSessions({
    secrets: [SECRET],
    store: storeOf(library, setting, env),
    use: setting.renewing ? [users, renewal] : [users],
    idleTimeout: setting.idleSeconds,
    now,
  })
}

function storeOf(
  { cached, durableObjectStore, kvStore, memoryStore }: Library,
  setting: Setting,
  { SESSIONS, COPIES, SESSION_KV }: Bindings,
): SessionStore {
  if (setting.store === 'kv') return kvStore(SESSION_KV)
  if (setting.store === 'memory') return memoryStore()
  const objects = durableObjectStore(SESSIONS)
  if (setting.cached === 'no') return objects
  const copies = { maxAgeSeconds: MAX_AGE_SECONDS }
  return cached(objects, setting.cached === 'yes' ? copies : { ...copies, kv: COPIES })
}
