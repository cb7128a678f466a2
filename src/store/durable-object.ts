import { exports } from 'cloudflare:workers'

import { SessionError } from '../errors.ts'
import type { Call, SessionObject } from './session-object.ts'
import type { Credential, Gone, Moment, ReadReply, SessionStore, WriteReply } from './store.ts'

export { SessionObject } from './session-object.ts'

/** What is used of a `DurableObjectNamespace`. */
export interface SessionObjectNamespace {
  newUniqueId(): { toString(): string }
  idFromString(id: string): { toString(): string }
  get(id: { toString(): string }): object
}

type Method = 'create' | 'read' | 'write' | 'regenerate' | 'destroy'

/**
 * Sessions in Durable Objects, one each: atomic per key, and seen everywhere at once. Give it the binding, or nothing
 * to use the exported class `SessionObject` itself (compatibility date 2025-11-17 or later). Throws `ERR_BINDING` when
 * there is neither. `env.SESSIONS.jurisdiction('eu')` keeps the sessions in a jurisdiction.
 */
export function durableObjectStore(namespace?: SessionObjectNamespace): SessionStore {
  const objects = namespace ?? exportedNamespace()

  async function call<Reply>(
    method: Method,
    credential: Credential,
    moment: Moment,
    more: object = {},
  ): Promise<Reply | Gone> {
    const object = stubOf(objects, credential.handle)
    if (object === undefined) return { ok: false, why: 'ended' }
    const request: Call = { secret: credential.secret, moment, ...more }
    return JSON.parse(await object[method](JSON.stringify(request))) as Reply
  }

  return {
    name: 'durable-object',
    isAtomic: true,
    recordsUse: true,
    newHandle: () =>
      Uint8Array.fromHex(objects.newUniqueId().toString()).toBase64({
        alphabet: 'base64url',
        omitPadding: true,
      }),
    idOf: hexOf,
    create: (credential, moment, patch) =>
      call<WriteReply>('create', credential, moment, { patch }),
    read: (credential, moment) => call<ReadReply>('read', credential, moment),
    write: (credential, moment, patch) => call<WriteReply>('write', credential, moment, { patch }),
    regenerate: async (credential, moment, newSecret) => {
      const reply = await call<{ ok: true }>('regenerate', credential, moment, { newSecret })
      return reply.ok ? { ok: true, handle: credential.handle } : reply
    },
    destroy: (credential, moment) => call<{ ok: true }>('destroy', credential, moment),
  }
}

/** The object that a handle names, or `undefined` for one that is not of this namespace. */
function stubOf(objects: SessionObjectNamespace, handle: string): SessionObject | undefined {
  try {
    return objects.get(objects.idFromString(hexOf(handle))) as SessionObject
  } catch {
    return undefined
  }
}

/** An object's id is 32 bytes, which its own text spells in hexadecimal and a token in base64url. */
function hexOf(handle: string): string {
  return Uint8Array.fromBase64(handle, { alphabet: 'base64url' }).toHex()
}

function exportedNamespace(): SessionObjectNamespace {
  const { SessionObject: exported } = exports as { SessionObject?: Partial<SessionObjectNamespace> }
  if (exported?.idFromString !== undefined) return exported as SessionObjectNamespace
  throw new SessionError(
    'ERR_BINDING',
    `There is no Durable Object namespace for sessions. Write "export { SessionObject } from 'edge-session/store/durable-object'" in the Worker's main module, and in wrangler.toml a binding (name = "SESSIONS", class_name = "SessionObject") and a migration (new_sqlite_classes = ["SessionObject"]).`,
  )
}
