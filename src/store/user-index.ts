import { exportedNamespace, isModuleScope } from './object/exported-namespace.ts'
import { objectIndex, type UserObjectNamespace } from './user-index/object-index.ts'
import type { UserIndex } from './user-index/user-list.ts'

export { UserObject } from './user-index/user-object.ts'
export type { UserObjectNamespace }

/**
 * Each user's list of sessions, in a Durable Object of the user's own. Give it the binding, or nothing to use the exported
 * class `UserObject` itself (from compatibility date 2025-11-17 on). Throws `ERR_BINDING` if there is neither; at a
 * module's top level, where a Worker's exports are not there yet, its first use does.
 */
export function userIndex(namespace?: UserObjectNamespace): UserIndex {
  const find = (): UserObjectNamespace => namespace ?? exportedNamespace('UserObject', 'USERS')
  if (!isModuleScope()) find()
  return objectIndex(find)
}
