import type { SessionStore } from '../../record/store.ts'
import { objectStore, type SessionObjectNamespace } from './object-store.ts'
import { onlyInWorkerd } from './only-in-workerd.ts'

/**
 * Replaces `edge-session/store/durable-object` outside workerd, such as in a test in Node. Returns a store over a
 * binding from Miniflare or wrangler. Throws `ERR_BINDING` without one.
 */
export function durableObjectStore(namespace?: SessionObjectNamespace): SessionStore {
  if (namespace === undefined) throw onlyInWorkerd('The exported class', 'SESSIONS')
  return objectStore(namespace)
}

/** Replaces the class, so that a module that exports or extends it can be loaded. Throws `ERR_BINDING` when used. */
export function SessionObject(): never {
  throw onlyInWorkerd('SessionObject', 'SESSIONS')
}

/** Replaces the function, so that a module that extends its result can be loaded. */
export function extendSessionObject(): typeof SessionObject {
  return SessionObject
}
