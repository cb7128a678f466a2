import { newUniqueText } from '../codec/random.ts'
import { SessionError } from '../errors.ts'
import {
  type Applied,
  type Changes,
  type Entries,
  MAX_TOTAL_CHARACTERS,
  type Patch,
  type Refusal,
} from './patch.ts'
import { codecSessionOf, type SessionPort } from './port.ts'
import { type Recorded, recordedSince, type Savepoint, type Texts } from './savepoint.ts'

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
function textsOf({
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
      'update() kept losing against other requests. Make its function faster, or use several keys.',
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
    `The session would exceed ${limit}. Keep large data elsewhere, and its name in the session.`,
  )
}

/** Returns the error for a change after the response was sent. */
export function sealedError(): SessionError {
  return new SessionError(
    'ERR_RESPONSE_SENT',
    'The session was changed after the response was sent. Make and await changes before the handler returns.',
  )
}

/** Returns the error for an operation that the store cannot do atomically. */
export function notAtomicError(store: string, operation: string): SessionError {
  return new SessionError(
    'ERR_NOT_ATOMIC',
    `The ${store} store cannot ${operation} atomically. Use durableObjectStore, or get() and set() if a lost update does no harm.`,
  )
}

/** Ignores a store failure, which was already reported. Rethrows any other error. */
function unlessStoreFailed(error: unknown): void {
  if (!(error instanceof SessionError && error.code === 'ERR_STORE')) throw error
}

/** A dictionary whose changes are to be written. */
interface Writer {
  readonly port: SessionPort
  readonly changes: Recorded
  /** True if something is recorded and not written. */
  readonly isDirty: boolean
  /** Loads the stored entries before a change, for a codec that completes them. */
  prepare(): Promise<Entries | undefined>
}

/** Writes a patch. Returns the store's answer. */
type Send = (patch: Patch) => Promise<Applied | Refusal>

/**
 * Writes all recorded changes, or those recorded after a savepoint, with `send` if it is passed. Returns `undefined` if
 * there are none.
 */
export function commitChanges(
  writer: Writer,
  since?: Savepoint,
  send?: Send,
): Promise<void> | undefined {
  const { changes, port } = writer
  const recorded = recordedIn(writer, since)
  if (recorded === undefined) return undefined
  // Another call may be writing the same patch. `send` adds to it, so it needs its own id.
  if (send === undefined && recorded === changes.unsaved && changes.patch !== undefined) {
    return writeChanges(writer, changes.patch)
  }
  if (port.codec.complete === undefined)
    return writeChanges(writer, patchOf(writer, recorded), send)
  // Taken again, since the dictionary may have been cleared in the meantime.
  return writer
    .prepare()
    .then((entries) =>
      writeChanges(writer, patchOf(writer, recordedIn(writer, since) ?? new Map(), entries), send),
    )
}

/** Returns the changes to write; `undefined` if there are none. */
function recordedIn({ changes, isDirty }: Writer, since: Savepoint | undefined): Texts | undefined {
  if (!isDirty) return undefined
  const unsaved = (changes.unsaved ??= new Map())
  const isWhole = since === undefined || (changes.mustClear && !since.mustClear)
  return isWhole ? unsaved : recordedSince(unsaved, since)
}

function patchOf({ changes, port }: Writer, recorded: Texts, entries?: Entries): Patch {
  const isWhole = recorded === changes.unsaved
  // The clear must keep the texts that an awaited operation wrote after it.
  if (changes.mustClear && isWhole) {
    const clear = [...(changes.saved?.keys() ?? [])]
    return (changes.patch = { ...newPatch(changesOf(recorded)), clear })
  }
  const completed = entries && port.codec.complete?.(entries, recorded, codecSessionOf(port))
  const patch = newPatch(changesOf(completed ?? recorded))
  if (isWhole) changes.patch = patch
  return patch
}

/**
 * Writes the recorded changes for the last time. If they only delete messages that were shown, and the store fails, the
 * messages stay and are shown once more (Workers KV refuses a second write within a second).
 */
export function commitLast(writer: Writer): Promise<void> | undefined {
  const { mustClear, shown, unsaved } = writer.changes
  const isShown = ([name, text]: [string, string | null]): boolean =>
    text === null && shown?.has(name) === true
  const mayFail = !mustClear && [...(unsaved ?? [])].every(isShown)
  return mayFail ? commitChanges(writer)?.catch(unlessStoreFailed) : commitChanges(writer)
}

/** Writes a patch of recorded changes. */
export async function writeChanges(
  { changes, port }: Writer,
  patch: Patch,
  send: Send = (each) => port.write(each),
): Promise<void> {
  if (!port.canKeep) return
  const { unsaved } = changes
  const saved = (changes.saved ??= new Map())
  const writing = send(patch)
  changes.writing = writing
  try {
    orThrow(await writing)
  } finally {
    if (changes.writing === writing) changes.writing = undefined
  }
  if (patch.clear !== undefined && unsaved === changes.unsaved) changes.mustClear = false
  for (const [name, text] of textsOf(patch)) {
    saved.set(name, text)
    // The change is kept if it was recorded again in the meantime.
    if (unsaved?.get(name) === text) unsaved.delete(name)
  }
}
