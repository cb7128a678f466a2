import { decodeHandle, decodeHex, encodeBase64url, encodeHex } from '../../codec/base64url.ts'
import { cellStore, ENDED, type Send } from '../../record/session-cell.ts'
import type { SessionStore } from '../../record/store.ts'
import { BoundedMap } from '../bounded-map.ts'
import { withFreshStub } from './fresh-stub.ts'
import type { SessionObjectStub } from './session-object.ts'

/** What is used of a `DurableObjectNamespace`. */
export interface SessionObjectNamespace {
  newUniqueId(): ObjectId
  /** For `adopt` only. */
  idFromName?(name: string): ObjectId
  idFromString(id: string): ObjectId
  get(id: ObjectId): object
}

interface ObjectId {
  toString(): string
}

/** The store over the objects of a namespace. */
export function objectStore(objects: SessionObjectNamespace): SessionStore {
  const handleOf = (id: ObjectId): string => encodeBase64url(decodeHex(id.toString()))
  const newHandle = (): string => handleOf(objects.newUniqueId())
  const named = objects.idFromName?.bind(objects)
  const handleFor = named && ((key: string): string => handleOf(named(`adopted ${key}`)))

  const ids = new BoundedMap<ObjectId>(MAX_KNOWN_IDS)

  /** The object's id, or `undefined` when the handle is none of this namespace. */
  function objectIdOf(handle: string): ObjectId | undefined {
    try {
      return ids.get(handle) ?? ids.set(handle, objects.idFromString(hexOf(handle)))
    } catch {
      return undefined
    }
  }

  const send: Send = (handle, request, { method }) => {
    const id = objectIdOf(handle)
    if (id === undefined) return Promise.resolve(JSON.stringify(ENDED))
    const call = (): Promise<string> => (objects.get(id) as SessionObjectStub).call(request)
    return method === 'read' ? withFreshStub(call) : call()
  }

  const addressOf = (handle: string): string => `object:${hexOf(handle)}`
  return cellStore({ name: 'durable-object', newHandle, handleFor, idOf: hexOf, addressOf }, send)
}

/** Ids of sessions in use, so that not every request has to work out its own. */
const MAX_KNOWN_IDS = 1000

/** An object's id is 32 bytes, in hexadecimal as its own text and in base64url as a handle. */
function hexOf(handle: string): string {
  return encodeHex(decodeHandle(handle))
}
