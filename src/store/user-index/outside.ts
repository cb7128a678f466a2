import { onlyInWorkerd } from '../object/only-in-workerd.ts'
import { objectIndex, type UserObjectNamespace } from './object-index.ts'
import type { UserIndex } from './user-list.ts'

/**
 * Replaces `edge-session/store/user-index` outside workerd. Returns an index over a binding from Miniflare or wrangler.
 * Throws `ERR_BINDING` without one.
 */
export function userIndex(namespace?: UserObjectNamespace): UserIndex {
  if (namespace === undefined) throw onlyInWorkerd('The exported class', 'USERS')
  return objectIndex(() => namespace)
}

/** Replaces the class, so that a module that exports or extends it can be loaded. Throws `ERR_BINDING` when used. */
export function UserObject(): never {
  throw onlyInWorkerd('UserObject', 'USERS')
}
