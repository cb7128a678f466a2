import { SessionError } from '../errors.ts'
import { touchOf } from '../record/meta.ts'
import { PROTOCOL } from '../record/session-cell.ts'
import type { CallContext, Credential } from '../record/store.ts'
import type { RequestSession } from '../request/request-session.ts'
import { isNamespace, objectById, type ObjectsById } from '../store/object/bound-objects.ts'
import { withFreshStub } from '../store/object/fresh-stub.ts'
import type { SessionObjectStub } from '../store/object/session-object.ts'

/** The object of a session, as `live` and `watch` call it. */
export interface LiveStub extends SessionObjectStub {
  fetch(url: string, init: { headers: Readonly<Record<string, string>> }): Promise<Response>
}

const OBJECT = 'object:'

/** Returns the id of the session's object. Throws `ERR_OPTION` for a store without objects. */
export function objectIdIn({ store }: RequestSession, caller: string, handle: string): string {
  const address = store.addressOf?.(handle) ?? ''
  if (address.startsWith(OBJECT)) return address.slice(OBJECT.length)
  throw new SessionError(
    'ERR_OPTION',
    `${caller}(): the ${store.name} store has no objects that could hold a socket. Use durableObjectStore.`,
  )
}

/** Returns what reaches the object with this id, by a new stub each time. Throws `ERR_BINDING` if no binding does. */
export function stubsOf(id: string, env: unknown, ctx?: unknown): () => LiveStub {
  const { exports }: { exports?: Partial<Record<string, ObjectsById>> } = Object(ctx)
  const bindings: unknown[] = Object.values(Object(env) as object)
  const namespaces = [...bindings.filter(isNamespace<ObjectsById>), exports?.['SessionObject']]
  return () => {
    const object = objectById(namespaces, id)
    if (object !== undefined) return object as LiveStub
    throw new SessionError(
      'ERR_BINDING',
      'The env has no Durable Object namespace of this session. Bind SessionObject, and pass env and ctx on to withSession.',
    )
  }
}

/** Makes a call of the feature. Throws `ERR_BINDING` if the object's side is not there. */
export async function callPart<T>(
  stub: () => LiveStub,
  run: (stub: LiveStub) => Promise<T>,
): Promise<T> {
  try {
    return await withFreshStub(async () => run(stub()))
  } catch (cause) {
    if (!/fetch\(\)|not iterable/.test(String(cause))) throw cause
    throw new SessionError(
      'ERR_BINDING',
      'SessionObject has no sockets. Export class SessionObject extends extendSessionObject(sockets) {}, with sockets of edge-session/live/object.',
      { cause },
    )
  }
}

/** Returns the `read` of the store's protocol, which the object checks as any other. */
export function readRequest({ secret }: Credential, context: CallContext): string {
  const { now, idle, absolute, renew = 0 } = context
  return JSON.stringify(['read', secret, now, idle, absolute, touchOf(context), renew])
}

export function call(stub: LiveStub, request: object): Promise<string> {
  return stub.call(JSON.stringify(request), PROTOCOL)
}
