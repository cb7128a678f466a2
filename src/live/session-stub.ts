import { SessionError } from '../errors.ts'
import { PROTOCOL } from '../record/session-cell.ts'
import type { RequestSession } from '../request/request-session.ts'
import { isNamespace, objectById, type ObjectsById } from '../store/object/bound-objects.ts'
import type { SessionObjectStub } from '../store/object/session-object.ts'
import type { WatchCall } from './messages.ts'

/** A session's object, as `live` and `watch` call it. */
interface LiveStub extends SessionObjectStub {
  fetch(url: string, init: { headers: Readonly<Record<string, string>> }): Promise<Response>
}

const OBJECT = 'object:'

/** Returns the id of the session's object. Throws `ERR_OPTION` for a store without objects. */
export function objectIdIn({ store }: RequestSession, handle: string): string {
  const address = store.addressOf?.(handle) ?? ''
  if (address.startsWith(OBJECT)) return address.slice(OBJECT.length)
  throw new SessionError(
    'ERR_OPTION',
    `The ${store.name} store has no objects to hold sockets. Use durableObjectStore.`,
  )
}

/** Calls the object with this id. Throws `ERR_BINDING` if there is no binding for it, or its class has no `sockets`. */
export async function callObject<T>(
  id: string,
  { env, ctx }: { readonly env: unknown; readonly ctx?: unknown },
  run: (object: LiveStub) => Promise<T>,
): Promise<T> {
  const { exports = {} }: { exports?: Readonly<Record<string, ObjectsById>> } = Object(ctx)
  const bindings: unknown[] = Object.values(Object(env) as object)
  const namespaces = bindings.filter(isNamespace)
  const object = objectById([...namespaces, exports['SessionObject']], id)
  if (object === undefined) throw bindingError('Bind SessionObject, and pass on env and ctx.')
  try {
    return await run(object as LiveStub)
  } catch (cause) {
    if (!/fetch\(\)|not iterable/.test(String(cause))) throw cause
    throw bindingError('Export class SessionObject extends extendSessionObject(sockets) {}.')
  }
}

export function bindingError(message: string): SessionError {
  return new SessionError('ERR_BINDING', message)
}

export function sendCall(object: LiveStub, request: WatchCall): Promise<string> {
  return object.call(JSON.stringify(request), PROTOCOL)
}
