import { decodeHandle, decodeHex, encodeBase64url, encodeHex } from '../../codec/base64url.ts'
import { SessionError } from '../../errors.ts'
import { ENDED } from '../../record/meta.ts'
import { cellStore, PROTOCOL, type Send } from '../../record/session-cell.ts'
import type { SessionStore } from '../../record/store.ts'
import { mayBeTriedAgain } from './fresh-stub.ts'
import type { SessionObjectStub } from './session-object.ts'

/** The used part of a `DurableObjectNamespace`. */
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

/** The stores made in this isolate. A binding that comes with another `env` reuses its store. */
const stores = new WeakMap<SessionObjectNamespace, SessionStore>()

/** Returns the store over the objects of a namespace, the same one for the same binding. */
export function objectStore(objects: SessionObjectNamespace): SessionStore {
  const known = stores.get(objects)
  if (known !== undefined) return known
  const store = newObjectStore(() => objects, objects.idFromName !== undefined)
  stores.set(objects, store)
  return store
}

/** Returns the store over a namespace, which `find` returns on first use. */
export function newObjectStore(
  find: () => SessionObjectNamespace,
  canAdopt: boolean = true,
): SessionStore {
  const handleOf = (id: ObjectId): string => encodeBase64url(decodeHex(id.toString()))
  const ids = new Map<string, ObjectId>()

  /** Returns the object's id, or `undefined` if the handle does not belong to this namespace. */
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

  const send: Send = (handle, request, { method, tried }) => {
    const id = objectIdOf(handle)
    if (id === undefined) return Promise.resolve(JSON.stringify(ENDED))
    if (isTooLarge(request)) return Promise.resolve('{"ok":false,"why":"too-large"}')
    // A new stub each time: a failed one stays broken (Cloudflare: Durable Objects, error handling).
    const call = (): Promise<string> =>
      (find().get(id) as SessionObjectStub).call(request, PROTOCOL)
    if (!REPEATABLE.has(method)) return call()
    return call().catch((error: unknown) => {
      if (!mayBeTriedAgain(error)) throw error
      tried?.()
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

/** The calls that are safe to repeat, whatever the outcome of the first. */
const REPEATABLE: ReadonlySet<string> = new Set(['read', 'lease', 'release'])

/** A call has at most 32 MiB (Cloudflare: Workers RPC), of which the runtime uses some. */
const MAX_CALL_BYTES = 33_500_000

/** True if the runtime would refuse the call. A text with any character past U+00FF takes two bytes for each unit. */
function isTooLarge(request: string): boolean {
  if (request.length * 2 <= MAX_CALL_BYTES) return false
  // oxlint-disable-next-line no-control-regex
  return request.length > MAX_CALL_BYTES || /[^\0-\xFF]/.test(request)
}

/** The number of ids remembered, so that a session in use is not decoded for each request. */
const MAX_KNOWN_IDS = 1000

/** Returns the hexadecimal text of an object's id. An id has 32 bytes, and a handle is its base64url text. */
function hexOf(handle: string): string {
  return encodeHex(decodeHandle(handle))
}
