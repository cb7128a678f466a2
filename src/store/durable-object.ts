import type { SessionStore } from '../record/store.ts'
import { exportedNamespace, isModuleScope } from './object/exported-namespace.ts'
import { newObjectStore, objectStore, type SessionObjectNamespace } from './object/object-store.ts'

export { SessionObject } from './object/session-object.ts'
export type { SessionObjectNamespace }

/**
 * Sessions in Durable Objects, one each: atomic per key, and seen everywhere at once. Give it the binding, or nothing to
 * use the exported class `SessionObject` itself (from compatibility date 2025-11-17 on). Throws `ERR_BINDING` if there is
 * neither; at a module's top level, where a Worker's exports are not there yet, its first use does.
 * `env.SESSIONS.jurisdiction('eu')` keeps the sessions in a jurisdiction.
 */
export function durableObjectStore(namespace?: SessionObjectNamespace): SessionStore {
  const find = (): SessionObjectNamespace => exportedNamespace('SessionObject', 'SESSIONS')
  if (namespace !== undefined) return objectStore(namespace)
  return isModuleScope() ? newObjectStore(find) : objectStore(find())
}
