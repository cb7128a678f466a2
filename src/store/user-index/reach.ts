import { SessionError } from '../../errors.ts'
import { PROTOCOL } from '../../record/session-cell.ts'
import type { Look, OwnerCall } from '../../record/step.ts'
import type { Gone } from '../../record/store.ts'
import type { SessionKvNamespace } from '../kv/namespace.ts'
import { endSession, isAlive, parseValue } from '../kv/value.ts'
import { hasMethod, objectById } from '../object/bound-objects.ts'
import { withFreshStub } from '../object/fresh-stub.ts'
import { namespacesOf } from '../object/own-bindings.ts'
import type { SessionObjectStub } from '../object/session-object.ts'
import { withinTime } from '../within-time.ts'
import type { Asked } from './user-call.ts'

/** Access of a user's object to the sessions on its list. Every method throws if a session cannot be reached. */
export interface Reach {
  /**
   * Returns the session's times by the timeouts in force, or that it has ended or belongs to another user. Returns
   * `undefined` if the store cannot tell.
   */
  look(address: string, asked: Asked): Promise<Look | Gone | undefined>
  /** Ends the session. Returns true if the store has certainly ended it and no longer returns it. */
  end(address: string, userId: string, now: number): Promise<boolean>
}

/** One hanging object must not delay the end of the others. Less than the caller's default time limit of 5 s. */
const TIME_LIMIT_MS = 4000
/** The maximum number of KV namespaces to search for a session. For one of its own, an object may make 1,000 calls. */
const MAX_LOOKED_AT = 2
const OBJECT = 'object:'
const KV = 'kv:'

/**
 * Returns access to sessions through a Worker's bindings, under any name. An object's id is valid in one namespace
 * only, and a session's key is in one only.
 */
export function reachThrough(env: object): Reach {
  const bindings: unknown[] = Object.values(env)
  const namespaces = namespacesOf(env, 'SessionObject')
  const kvs = bindings.filter(isKv)

  function objectOf(id: string): SessionObjectStub {
    const object = objectById(namespaces, id)
    if (object === undefined) throw unreachable('Durable Object')
    return object as SessionObjectStub
  }

  async function ask(id: string, call: OwnerCall): Promise<Look | Gone> {
    const request = JSON.stringify(call)
    const send = async (): Promise<string> =>
      withinTime(TIME_LIMIT_MS, objectOf(id).call(request, PROTOCOL))
    return JSON.parse(await (call.method === 'look' ? withFreshStub(send) : send())) as Look | Gone
  }

  return {
    async look(address, { userId, now, idle, absolute }) {
      if (!address.startsWith(OBJECT)) return undefined
      return ask(address.slice(OBJECT.length), { method: 'look', userId, now, idle, absolute })
    },

    async end(address, userId, now) {
      if (address.startsWith(OBJECT)) {
        return (await ask(address.slice(OBJECT.length), { method: 'end', userId, now })).ok
      }
      if (kvs.length === 0) throw unreachable('KV')
      await endInKv(kvs, address.slice(KV.length), now)
      return false
    },
  }
}

/**
 * Ends a session on KV, whose key is in one of the namespaces. If the session is found, the time of the end is kept
 * there for a minute.
 */
async function endInKv(
  kvs: readonly SessionKvNamespace[],
  key: string,
  now: number,
): Promise<void> {
  const mayLook = kvs.length <= MAX_LOOKED_AT
  const texts = await Promise.all(mayLook ? kvs.map((kv) => kv.get(key, { type: 'text' })) : [])
  const at = texts.findIndex((text) => text !== null && isAlive(parseValue(text), now))
  const [wasAlive, some] = at < 0 ? [false, kvs] : [true, kvs.slice(at, at + 1)]
  await Promise.all(some.map((kv) => endSession(kv, key, { now, wasAlive })))
}

function isKv(binding: unknown): binding is SessionKvNamespace {
  return hasMethod(binding, 'getWithMetadata')
}

function unreachable(kind: string): SessionError {
  return new SessionError(
    'ERR_BINDING',
    `UserObject cannot find this session's ${kind} namespace. Bind it to the Worker that exports UserObject.`,
  )
}
