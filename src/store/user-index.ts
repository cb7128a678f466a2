import { exportedNamespace } from './object/exported-namespace.ts'
import { objectIndex, type UserObjectNamespace } from './user-index/object-index.ts'
import type { UserIndex } from './user-index/user-list.ts'

export { UserObject } from './user-index/user-object.ts'
export type { UserObjectNamespace }

/**
 * Each user's list of sessions, in a Durable Object of the user's own. Give it the binding, or nothing to use the exported
 * class `UserObject` itself (from compatibility date 2025-11-17 on). Throws `ERR_BINDING` when there is neither.
 */
export function userIndex(namespace?: UserObjectNamespace): UserIndex {
  return objectIndex(namespace ?? exportedNamespace('UserObject', 'USERS'))
}
