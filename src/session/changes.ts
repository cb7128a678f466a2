import { newUniqueText } from '../codec/random.ts'
import { SessionError } from '../errors.ts'
import {
  type Applied,
  type Changes,
  MAX_TOTAL_CHARACTERS,
  type Patch,
  type Refusal,
} from './patch.ts'

/** Returns a patch of these changes, with a new operation id. */
export function newPatch(changes: Changes): Patch {
  return { id: newUniqueText(), ...changes }
}

/** Returns the changes that set entries to these texts, or delete them. */
export function changesOf(texts: Iterable<readonly [string, string | null]>): Changes {
  const set: [string, string][] = []
  const dropped: string[] = []
  for (const [name, text] of texts) {
    if (text === null) dropped.push(name)
    else set.push([name, text])
  }
  return { delete: dropped, set }
}

/** Returns the texts that a patch sets; `null` for entries that it deletes. */
export function textsOf({
  set = [],
  delete: dropped = [],
}: Patch): (readonly [name: string, text: string | null])[] {
  return [...set, ...dropped.map((name) => [name, null] as const)]
}

/** Returns the outcome of a patch that was applied. Throws if it was refused. */
export function orThrow(reply: Applied | Refusal): Applied {
  if (reply.ok) return reply
  if (reply.why === 'conflict') {
    throw new SessionError(
      'ERR_CONFLICT',
      'update() lost against other requests again and again. Make its function quicker, or spread the work over several keys.',
    )
  }
  if (reply.why === 'not-a-number') {
    throw new SessionError(
      'ERR_VALUE',
      'increment() needs finite numbers, and a sum from -(2^53 - 1) to 2^53 - 1. Store larger numbers as strings.',
    )
  }
  const { limit = `${MAX_TOTAL_CHARACTERS} characters` } = reply
  throw new SessionError(
    'ERR_TOO_LARGE',
    `The session would hold over ${limit}. Keep large data elsewhere, and its name in the session.`,
  )
}

/** Returns the error of a change after the response was sent. */
export function sealedError(): SessionError {
  return new SessionError(
    'ERR_RESPONSE_SENT',
    'The session was changed after the response was sent. Make changes, and await them, before the handler returns.',
  )
}

/** Returns the error of an operation that the store cannot do in one step. */
export function notAtomicError(store: string, operation: string): SessionError {
  return new SessionError(
    'ERR_NOT_ATOMIC',
    `The ${store} store cannot ${operation} atomically. Use durableObjectStore; or get() and set(), where a lost update does no harm.`,
  )
}

/** Ignores a store failure, which is reported already. Rethrows any other error. */
export function unlessStoreFailed(error: unknown): void {
  if (!(error instanceof SessionError && error.code === 'ERR_STORE')) throw error
}
