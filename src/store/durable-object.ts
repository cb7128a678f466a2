import type { SessionStore } from '../record/store.ts'
import { exportedNamespace, isModuleScope } from './object/exported-namespace.ts'
import { newObjectStore, objectStore, type SessionObjectNamespace } from './object/object-store.ts'

export { extendSessionObject, SessionObject } from './object/session-object.ts'
export type { SessionObjectNamespace }

/**
 * Returns a store with one Durable Object for each session: atomic per key, and changes are visible everywhere at once.
 * Pass the binding, or nothing to use the exported class `SessionObject` (from compatibility date 2025-11-17). Throws
 * `ERR_BINDING` if there is neither. At a module's top level the Worker's exports are not available yet, so the first
 * use throws instead. `env.SESSIONS.jurisdiction('eu')` keeps the sessions in a jurisdiction.
 */
export function durableObjectStore(namespace?: SessionObjectNamespace): SessionStore {
  const find = (): SessionObjectNamespace => exportedNamespace('SessionObject', 'SESSIONS')
  if (namespace !== undefined) return objectStore(namespace)
  return isModuleScope() ? newObjectStore(find) : objectStore(find())
}
