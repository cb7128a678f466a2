import type { SessionStore } from '../../record/store.ts'
import { objectStore, type SessionObjectNamespace } from './object-store.ts'
import { onlyInWorkerd } from './only-in-workerd.ts'

/**
 * What `edge-session/store/durable-object` is outside of workerd, such as in a test that runs in Node: sessions in the
 * Durable Objects of a binding that Miniflare or wrangler has lent. Throws `ERR_BINDING` without one.
 */
export function durableObjectStore(namespace?: SessionObjectNamespace): SessionStore {
  if (namespace === undefined) throw onlyInWorkerd('The exported class itself', 'SESSIONS')
  return objectStore(namespace)
}

/** Stands for the class, so that a module that exports or extends it can be loaded. Throws `ERR_BINDING` when it is used. */
export function SessionObject(): never {
  throw onlyInWorkerd('SessionObject', 'SESSIONS')
}
