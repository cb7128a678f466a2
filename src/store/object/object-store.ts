import { decodeHandle, decodeHex, encodeBase64url, encodeHex } from '../../codec/base64url.ts'
import { SessionError } from '../../errors.ts'
import { ENDED } from '../../record/meta.ts'
import { cellStore, PROTOCOL, type Send } from '../../record/session-cell.ts'
import type { SessionStore } from '../../record/store.ts'
import { mayBeTriedAgain } from './fresh-stub.ts'
import type { SessionObjectStub } from './session-object.ts'

/** The parts of a `DurableObjectNamespace` that the store uses. */
export interface SessionObjectNamespace {
  newUniqueId(): ObjectId
  /** For `adopting` only. */
  idFromName?(name: string): ObjectId
  idFromString(id: string): ObjectId
  get(id: ObjectId): object
}

interface ObjectId {
  toString(): string
}

/** The stores that this isolate has made, so that a binding that comes with another `env` has its store already. */
const stores = new WeakMap<SessionObjectNamespace, SessionStore>()

/** The store over the objects of a namespace: the same one for the same binding. */
export function objectStore(objects: SessionObjectNamespace): SessionStore {
  const known = stores.get(objects)
  if (known !== undefined) return known
  const store = newObjectStore(() => objects, objects.idFromName !== undefined)
  stores.set(objects, store)
  return store
}

/** The store over a namespace that `find` returns when the store is first used. */
export function newObjectStore(
  find: () => SessionObjectNamespace,
  canAdopt: boolean = true,
): SessionStore {
  const handleOf = (id: ObjectId): string => encodeBase64url(decodeHex(id.toString()))
  const ids = new Map<string, ObjectId>()

  /** The object's id, or `undefined` if the handle is not one of this namespace. */
  function objectIdOf(handle: string): ObjectId | undefined {
    const known = ids.get(handle)
    if (known !== undefined) return known
    try {
      const id = find().idFromString(hexOf(handle))
      if (ids.size >= MAX_KNOWN_IDS) ids.clear()
      ids.set(handle, id)
      return id
    } catch (error) {
      if (error instanceof SessionError) throw error
      return undefined
    }
  }

  const send: Send = (handle, request, { method }) => {
    const id = objectIdOf(handle)
    if (id === undefined) return Promise.resolve(JSON.stringify(ENDED))
    // A new stub each time: one that has failed stays broken (Cloudflare: Durable Objects, error handling).
    const call = (): Promise<string> =>
      (find().get(id) as SessionObjectStub).call(request, PROTOCOL)
    if (method !== 'read') return call()
    return call().catch((error: unknown) => {
      if (!mayBeTriedAgain(error)) throw error
      return call()
    })
  }

  return cellStore(
    {
      name: 'durable-object',
      newHandle: () => handleOf(find().newUniqueId()),
      handleFor: canAdopt ? (key) => handleOf(idFromName(find(), `adopted ${key}`)) : undefined,
      idOf: hexOf,
      addressOf: (handle) => `object:${hexOf(handle)}`,
    },
    send,
  )
}

function idFromName(objects: SessionObjectNamespace, name: string): ObjectId {
  const id = objects.idFromName?.(name)
  if (id === undefined) throw new TypeError('The namespace has no idFromName.')
  return id
}

/** Ids of sessions in use, so that not every request has to work out its own. */
const MAX_KNOWN_IDS = 1000

/** An object's id is 32 bytes, in hexadecimal as its own text and in base64url as a handle. */
function hexOf(handle: string): string {
  return encodeHex(decodeHandle(handle))
}
