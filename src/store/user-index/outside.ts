import { onlyInWorkerd } from '../object/only-in-workerd.ts'
import { objectIndex, type UserObjectNamespace } from './object-index.ts'
import type { UserIndex } from './user-list.ts'

/** Stands for `edge-session/store/user-index` outside workerd. Throws `ERR_BINDING` without a binding. */
export function userIndex(namespace?: UserObjectNamespace): UserIndex {
  if (namespace === undefined) throw onlyInWorkerd('The exported class itself', 'USERS')
  return objectIndex(() => namespace)
}

/** Stands for the class, so that a module that exports or extends it can be loaded. Throws `ERR_BINDING` when used. */
export function UserObject(): never {
  throw onlyInWorkerd('UserObject', 'USERS')
}
