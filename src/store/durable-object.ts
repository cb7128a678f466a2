import type { SessionStore } from '../record/store.ts'
import { exportedNamespace } from './object/exported-namespace.ts'
import { objectStore, type SessionObjectNamespace } from './object/object-store.ts'

export { SessionObject } from './object/session-object.ts'
export type { SessionObjectNamespace }

/**
 * Sessions in Durable Objects, one each: atomic per key, and seen everywhere at once. Give it the binding, or nothing to
 * use the exported class `SessionObject` itself (from compatibility date 2025-11-17 on). Throws `ERR_BINDING` when there
 * is neither. `env.SESSIONS.jurisdiction('eu')` keeps the sessions in a jurisdiction.
 */
export function durableObjectStore(namespace?: SessionObjectNamespace): SessionStore {
  return objectStore(namespace ?? exportedNamespace('SessionObject', 'SESSIONS'))
}
