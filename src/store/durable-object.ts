import { decodeHandle } from '../codec/base64url.ts'
import { exportedNamespace } from './exported-namespace.ts'
import { withFreshStub } from './fresh-stub.ts'
import { cellStore, ENDED, type Send } from './session-cell.ts'
import type { SessionObjectStub } from './session-object.ts'
import type { SessionStore } from './store.ts'

export { SessionObject } from './session-object.ts'

/** What is used of a `DurableObjectNamespace`. */
export interface SessionObjectNamespace {
  newUniqueId(): { toString(): string }
  idFromString(id: string): { toString(): string }
  get(id: { toString(): string }): object
}

/**
 * Sessions in Durable Objects, one each: atomic per key, and seen everywhere at once. Give it the binding, or nothing to
 * use the exported class `SessionObject` itself (from compatibility date 2025-11-17 on). Throws `ERR_BINDING` when there
 * is neither. `env.SESSIONS.jurisdiction('eu')` keeps the sessions in a jurisdiction.
 */
export function durableObjectStore(namespace?: SessionObjectNamespace): SessionStore {
  const objects = namespace ?? exportedNamespace('SessionObject', 'SESSIONS')
  const newHandle = (): string =>
    Uint8Array.fromHex(objects.newUniqueId().toString()).toBase64(HANDLE_FORMAT)

  const send: Send = (handle, request, { method }) => {
    const call = (): Promise<string> =>
      objectOf(objects, handle)?.call(request) ?? Promise.resolve(JSON.stringify(ENDED))
    return method === 'read' ? withFreshStub(call) : call()
  }

  const addressOf = (handle: string): string => `object:${hexOf(handle)}`
  return cellStore({ name: 'durable-object', newHandle, idOf: hexOf, addressOf }, send)
}

const HANDLE_FORMAT = { alphabet: 'base64url', omitPadding: true } as const

/** An object's id is 32 bytes, in hexadecimal as its own text and in base64url as a handle. */
function hexOf(handle: string): string {
  return decodeHandle(handle).toHex()
}

/** The object of a handle, or `undefined` when the handle is none of this namespace. */
function objectOf(objects: SessionObjectNamespace, handle: string): SessionObjectStub | undefined {
  try {
    return objects.get(objects.idFromString(hexOf(handle))) as SessionObjectStub
  } catch {
    return undefined
  }
}
