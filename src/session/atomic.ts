import { SessionError } from '../errors.ts'
import { changesOf, newPatch, orThrow } from './changes.ts'
import type { Dictionary } from './dictionary.ts'
import { keyOf, type Patch, sumOf } from './patch.ts'

/**
 * The maximum number of tries. Against N other requests `update` needs at most N tries, since every round has a winner.
 */
const MAX_UPDATE_TRIES = 100

/** Returns the new text of an entry from the current one; `null` is an absent entry. */
type Next = (text: string | null) => Promise<string | null>

/** The two forms of an awaited operation on one entry. */
interface Operation {
  /** Applies the operation to a recorded text that is not written yet. */
  readonly recorded: (text: string | null) => string | null | Promise<string | null>
  /** Applies the operation in the store. */
  readonly stored: () => Promise<string | null>
}

/**
 * Runs an awaited operation on one entry. If a change of the entry is recorded, applies the operation to it and writes
 * it, but no other recorded change. Otherwise applies the operation in the store. Returns the new text of the entry.
 */
function change(
  dictionary: Dictionary,
  name: string,
  operation: Operation,
): Promise<string | null> {
  const { writing } = dictionary
  if (writing !== undefined) {
    const again = (): Promise<string | null> => change(dictionary, name, operation)
    return writing.then(again, again)
  }
  const unsaved = dictionary.unsaved(name)
  if (unsaved !== undefined) return changeRecorded(dictionary, name, unsaved, operation)
  const { saved } = dictionary
  return operation.stored().then((text) => {
    saved.set(name, text)
    return text
  })
}

async function changeRecorded(
  dictionary: Dictionary,
  name: string,
  unsaved: string | null,
  operation: Operation,
): Promise<string | null> {
  const made = operation.recorded(unsaved)
  // Only a promise is awaited, so that the next changes of the handler come after this one.
  const text = made instanceof Promise ? await made : made
  if (dictionary.unsaved(name) !== unsaved) return change(dictionary, name, operation)
  await dictionary.writeEntry(name, text, unsaved)
  return text
}

/** Runs an awaited operation on the dictionary. If the codec completes stored data, loads the dictionary first. */
export function operate<T>(dictionary: Dictionary, operation: () => Promise<T>): Promise<T> {
  const mustLoad = dictionary.port.codec.complete !== undefined
  return dictionary.operations.run(
    mustLoad ? () => dictionary.stored.prepare().then(operation) : operation,
  )
}

/** Adds to a number. Returns the sum. An absent entry counts as 0. */
export function increment(dictionary: Dictionary, name: string, by: number): Promise<number> {
  const sum = change(dictionary, name, {
    recorded: (text) => finiteText(sumOf(text, by)),
    stored: () => {
      finiteText(by)
      return dictionary.operations
        .apply(`+${by}${name}`, { increment: [[name, by]] })
        .then(({ counts }) => String(counts[0]))
    },
  })
  const known =
    dictionary.port.codec.check === undefined
      ? sum
      : sum.catch((error: unknown) => recount(dictionary, name, by, error))
  return known.then(Number)
}

/**
 * Adds by `update` instead, since the store cannot run the check of the codec. A value that the check refuses counts as
 * absent.
 */
function recount(
  dictionary: Dictionary,
  name: string,
  by: number,
  error: unknown,
): Promise<string | null> {
  if (!(error instanceof SessionError && error.code === 'ERR_VALUE')) throw error
  return update(dictionary, name, async (text) => {
    const isPresent = decodeChecked(dictionary, keyOf(name), text) !== undefined
    return finiteText(sumOf(isPresent ? text : null, by))
  })
}

function finiteText(number: number): string {
  if (!Number.isFinite(number)) orThrow({ ok: false, why: 'not-a-number' })
  return String(number)
}

/** Deletes an entry. Returns its previous text, or `null`. */
export async function take(dictionary: Dictionary, name: string): Promise<string | null> {
  let taken: string | null = null
  await change(dictionary, name, {
    recorded: (text) => {
      taken = text
      return null
    },
    stored: async () => {
      taken = (await dictionary.operations.apply(`-${name}`, { take: [name] })).taken[0] ?? null
      return null
    },
  })
  return taken
}

/**
 * Replaces the text of an entry with the result of `next`. Returns the new text. Uses compare-and-set, retried with the
 * current text if another request has changed it.
 */
export async function update(
  dictionary: Dictionary,
  name: string,
  next: Next,
): Promise<string | null> {
  return change(dictionary, name, {
    recorded: next,
    stored: async () => {
      const unanswered = dictionary.operations.unanswered(name)
      const current =
        unanswered === undefined ? await dictionary.text(name) : expectedBy(unanswered)
      const made = await updatePatch(name, current, next)
      // The same text from the same text: this repeats the update with the unknown outcome.
      const isRepeated = unanswered !== undefined && textOf(unanswered) === textOf(made)
      return compareAndSet(dictionary, name, next, isRepeated ? unanswered : made, MAX_UPDATE_TRIES)
    },
  })
}

async function compareAndSet(
  dictionary: Dictionary,
  name: string,
  next: Next,
  patch: Patch,
  triesLeft: number,
): Promise<string | null> {
  const reply = await dictionary.operations.send(name, patch)
  if (!reply.ok && reply.why === 'conflict' && triesLeft > 1) {
    const newer = await updatePatch(name, reply.current[0] ?? null, next)
    return compareAndSet(dictionary, name, next, newer, triesLeft - 1)
  }
  orThrow(reply)
  return textOf(patch)
}

/** Returns the text that a patch of `updatePatch` sets. */
function textOf(patch: Patch): string | null {
  return patch.set?.[0]?.[1] ?? null
}

/** Returns the text that a patch of `updatePatch` expects. */
function expectedBy(patch: Patch): string | null {
  return patch.expect?.[0]?.[1] ?? null
}

async function updatePatch(name: string, current: string | null, next: Next): Promise<Patch> {
  return newPatch({ expect: [[name, current]], ...changesOf([[name, await next(current)]]) })
}

/** Returns the value of a key's text. A value that the check of the codec refuses is reported, and counts as absent. */
export function decodeChecked(dictionary: Dictionary, key: string, text: string | null): unknown {
  // `update` stores what its function changed in place, and what `take` returns is not stored any more.
  const value = dictionary.peek(text)
  const { codec, id } = dictionary.port
  if (value === undefined || codec.check?.(key, value) === undefined) return value
  dictionary.port.report({ type: 'invalid', keys: [key], id })
  return undefined
}
