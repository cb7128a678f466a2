import { SessionError } from '../errors.ts'
import { changesOf, newPatch, orThrow, writeChanges } from './changes.ts'
import { isRefused } from './codec.ts'
import type { Dictionary } from './dictionary.ts'
import type { Sent } from './operations.ts'
import { isSum, keyOf, type Patch, sumOf } from './patch.ts'

/** The maximum number of tries. Against N other requests `update` needs at most N, since every round has a winner. */
const MAX_UPDATE_TRIES = 100

/** Returns an entry's new text from the current one. `null` is an absent entry. */
type Next = (text: string | null) => Promise<string | null>

/** The result of an operation in the store: the new text of the entry. */
interface Stored {
  readonly text: string | null
  /** The first try, if this repeats an operation that the store has applied, or may have. */
  readonly repeated?: Sent | undefined
}

/** The two forms of an awaited operation on one entry. */
interface Operation {
  /** Applies the operation to a recorded text that is not written yet. */
  readonly recorded: (text: string | null) => string | null | Promise<string | null>
  /** Applies the operation in the store. `before` is the text that this request has written. */
  readonly stored: (before: string | null | undefined, triesLeft: number) => Promise<Stored>
}

/**
 * Runs an awaited operation on one entry. If a change of the entry is recorded, applies the operation to it and writes
 * that entry, but no other recorded change. Otherwise applies the operation in the store. Returns the entry's new text.
 */
function change(
  dictionary: Dictionary,
  name: string,
  operation: Operation,
  triesLeft: number = MAX_UPDATE_TRIES,
): Promise<string | null> {
  const { writing } = dictionary.changes
  if (writing !== undefined) {
    const again = (): Promise<string | null> => change(dictionary, name, operation, triesLeft)
    return writing.then(again, again)
  }
  if (dictionary.unsaved(name) !== undefined) {
    return changeRecorded(dictionary, name, operation, triesLeft)
  }
  const { saved } = dictionary
  return operation.stored(saved.get(name), triesLeft).then(({ text, repeated }) => {
    // The text that this request has written since the first try is newer.
    if (repeated === undefined || repeated.before === saved.get(name)) saved.set(name, text)
    return text
  })
}

async function changeRecorded(
  dictionary: Dictionary,
  name: string,
  operation: Operation,
  triesLeft: number,
): Promise<string | null> {
  const unsaved = dictionary.unsaved(name) ?? null
  const made = operation.recorded(unsaved)
  // Only a promise is awaited, so that the handler's next changes come after this one.
  const text = made instanceof Promise ? await made : made
  if (dictionary.unsaved(name) !== unsaved) {
    if (triesLeft > 1) return change(dictionary, name, operation, triesLeft - 1)
    throw new SessionError(
      'ERR_CONFLICT',
      'update(): this request changed the key itself during each of 100 tries. Change it before or after the update.',
    )
  }
  await writeEntry(dictionary, name, { text, before: unsaved })
  return text
}

/** Writes one recorded entry. If that fails, restores the record, so that a repeated operation starts from it. */
async function writeEntry(
  dictionary: Dictionary,
  name: string,
  { text, before }: { readonly text: string | null; readonly before: string | null },
): Promise<void> {
  dictionary.record(name, text)
  const { unsaved } = dictionary.changes
  try {
    await writeChanges(dictionary, newPatch(changesOf([[name, text]])))
  } catch (error) {
    if (unsaved?.get(name) === text) unsaved.set(name, before)
    throw error
  }
}

/** Runs an awaited operation on the dictionary. If the codec completes stored data, loads the dictionary first. */
export function operate<T>(dictionary: Dictionary, operation: () => Promise<T>): Promise<T> {
  const mustLoad = dictionary.port.codec.complete !== undefined
  return dictionary.operations.run(
    mustLoad ? () => dictionary.prepare().then(operation) : operation,
  )
}

/** Adds to a number. Returns the sum. An absent entry counts as 0. */
export function increment(dictionary: Dictionary, name: string, by: number): Promise<number> {
  const sum = change(dictionary, name, {
    recorded: (text) => sumText(sumOf(text, by)),
    stored: (before) => {
      if (!Number.isFinite(by)) sumText(Number.NaN)
      return dictionary.operations
        .apply(name, { kind: `+${by}`, before }, { increment: [[name, by]] })
        .then((applied) => ({
          // An object of an earlier version adds without this limit.
          text: sumText(applied.counts[0] ?? Number.NaN),
          ...repetition(applied),
        }))
    },
  })
  const known =
    dictionary.port.codec.check === undefined
      ? sum
      : sum.catch((error: unknown) => recount(dictionary, name, by, error))
  return known.then(Number)
}

/**
 * Adds with `update` instead, since the store cannot run the codec's check. A value that the check refuses counts as
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
    return sumText(sumOf(isPresent ? text : null, by))
  })
}

function sumText(sum: number): string {
  if (!isSum(sum)) orThrow({ ok: false, why: 'not-a-number' })
  return String(sum)
}

/** Returns the first try of a repeated operation, unless the repetition itself was applied. */
function repetition({
  moved,
  repeated,
}: {
  readonly moved?: true
  readonly repeated: Sent | undefined
}): Pick<Stored, 'repeated'> {
  return moved === true ? {} : { repeated }
}

/** Deletes an entry. Returns its previous text, or `null`. */
export async function take(dictionary: Dictionary, name: string): Promise<string | null> {
  let taken: string | null = null
  await change(dictionary, name, {
    recorded: (text) => {
      taken = text
      return null
    },
    stored: async (before) => {
      const applied = await dictionary.operations.apply(
        name,
        { kind: '-', before },
        { take: [name] },
      )
      taken = applied.taken[0] ?? null
      return { text: null, ...repetition(applied) }
    },
  })
  return taken
}

/**
 * Replaces an entry's text with the result of `next`. Returns the new text. Uses compare-and-set, retried with the
 * current text if another request changed it. `kind` is the same for the same update.
 */
export async function update(
  dictionary: Dictionary,
  name: string,
  next: Next,
  kind: unknown = next,
): Promise<string | null> {
  return change(dictionary, name, {
    recorded: next,
    stored: async (before, triesLeft) => {
      const sameKind = dictionary.operations.unanswered(name, (sent) => sent.kind === kind)
      const repeated = sameKind ?? (await sameUpdate(dictionary, name, next))
      let current: string | null | undefined
      if (repeated !== undefined) {
        const reply = await dictionary.operations.send(name, repeated)
        if (reply.ok) return { text: textOf(repeated.patch), ...repetition({ ...reply, repeated }) }
        // It was not applied, and never will be.
        if (reply.why === 'conflict') current = reply.current[0] ?? null
      }
      if (current === undefined) current = await dictionary.text(name)
      return compareAndSet(dictionary, name, { next, kind, before, current }, triesLeft)
    },
  })
}

/** Returns the update with an unknown outcome that turns the same text into the same text, and forgets it. */
async function sameUpdate(
  { operations }: Dictionary,
  name: string,
  next: Next,
): Promise<Sent | undefined> {
  const sent = operations.unsure(name, ({ patch }) => patch.expect !== undefined)
  if (sent === undefined) return undefined
  const isSame = (await next(expectedBy(sent.patch))) === textOf(sent.patch)
  return isSame ? operations.unanswered(name, (each) => each === sent) : undefined
}

async function compareAndSet(
  dictionary: Dictionary,
  name: string,
  attempt: Omit<Sent, 'patch'> & { readonly next: Next; readonly current: string | null },
  triesLeft: number,
): Promise<Stored> {
  const { next, current, kind, before } = attempt
  const text = await next(current)
  const patch = newPatch({ expect: [[name, current]], ...changesOf([[name, text]]) })
  const reply = await dictionary.operations.send(name, { kind, before, patch })
  if (!reply.ok && reply.why === 'conflict' && triesLeft > 1) {
    const newer = { ...attempt, current: reply.current[0] ?? null }
    return compareAndSet(dictionary, name, newer, triesLeft - 1)
  }
  orThrow(reply)
  return { text }
}

/** Returns the text that the patch of an update sets. */
function textOf(patch: Patch): string | null {
  return patch.set?.[0]?.[1] ?? null
}

/** Returns the text that the patch of an update expects. */
function expectedBy(patch: Patch): string | null {
  return patch.expect?.[0]?.[1] ?? null
}

/** Returns the value of a key's text. A value that the codec's check refuses is reported, and counts as absent. */
export function decodeChecked(dictionary: Dictionary, key: string, text: string | null): unknown {
  // Not `decode`: `update` stores what its function changed in place, and the result of `take` is no longer stored.
  const value = dictionary.peek(text)
  const { codec, id } = dictionary.port
  if (value === undefined || !isRefused(codec, key, value)) return value
  dictionary.port.report({ type: 'invalid', keys: [key], id })
  return undefined
}
