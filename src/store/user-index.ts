import { exportedNamespace, isModuleScope } from './object/exported-namespace.ts'
import { objectIndex, type UserObjectNamespace } from './user-index/object-index.ts'
import type { UserIndex } from './user-index/user-list.ts'

export { UserObject } from './user-index/user-object.ts'
export type { UserObjectNamespace }

/**
 * Returns the index that keeps each user's list of sessions in its own Durable Object. Pass the binding, or nothing to
 * use the exported class `UserObject` (from compatibility date 2025-11-17). Throws `ERR_BINDING` if there is neither.
 * At a module's top level the Worker's exports are not available yet, so the first use throws instead.
 */
export function userIndex(namespace?: UserObjectNamespace): UserIndex {
  const find = (): UserObjectNamespace => namespace ?? exportedNamespace('UserObject', 'USERS')
  if (!isModuleScope()) find()
  return objectIndex(find)
}
