import { SessionError } from '../errors.ts'
import { changesOf, newPatch, orThrow } from './changes.ts'
import { keyOf, type Patch, sumOf } from './patch.ts'
import type { WorkingCopy } from './working-copy.ts'

/** Against N others `update` needs N tries at most, since every round has a winner. */
const MAX_UPDATE_TRIES = 100

/** Makes an entry's new text out of the present one; `null` is an absent entry. */
type Next = (text: string | null) => Promise<string | null>

/** Runs an awaited operation on the dictionary: on one of the present shape, where there is a way to that. */
export function operate<T>(copy: WorkingCopy, operation: () => Promise<T>): Promise<T> {
  const mayMigrate = copy.port.settings.migrate !== undefined
  return copy.operations.run(mayMigrate ? () => copy.load().then(operation) : operation)
}

/**
 * Adds to a number and gives the sum. What is absent counts as 0, and so does what the schema refuses where it is no number:
 * the store adds, and it knows no schema.
 */
export async function increment(copy: WorkingCopy, name: string, by: number): Promise<number> {
  try {
    return await count(copy, name, by)
  } catch (error) {
    if (!isNoNumber(error) || copy.port.settings.schema === undefined) throw error
    const key = keyOf(name)
    const sum = await update(copy, name, async (text) => {
      const value = copy.values.decodeChecked(key, text)
      return finiteText(sumOf(value === undefined ? null : text, by))
    })
    return Number(sum)
  }
}

function isNoNumber(error: unknown): boolean {
  return error instanceof SessionError && error.code === 'ERR_VALUE'
}

async function count(copy: WorkingCopy, name: string, by: number): Promise<number> {
  const sum = await copy.change(
    name,
    (text) => finiteText(sumOf(text, by)),
    async () => {
      finiteText(by)
      const { counts } = await copy.operations.apply(`+${by}${name}`, { increment: [[name, by]] })
      return String(counts[0])
    },
  )
  return Number(sum)
}

function finiteText(number: number): string {
  if (!Number.isFinite(number)) orThrow({ ok: false, why: 'not-a-number' })
  return String(number)
}

/** Deletes an entry and gives the text it had, or `null`. */
export async function take(copy: WorkingCopy, name: string): Promise<string | null> {
  let taken: string | null = null
  await copy.change(
    name,
    (text) => {
      taken = text
      return null
    },
    async () => {
      taken = (await copy.operations.apply(`-${name}`, { take: [name] })).taken[0] ?? null
      return null
    },
  )
  return taken
}

/**
 * Replaces an entry's text by what `next` makes of it, and gives the new one: compare and set, and again with what
 * another request has written in between.
 */
export async function update(copy: WorkingCopy, name: string, next: Next): Promise<string | null> {
  return copy.change(name, next, async () => {
    const unanswered = copy.operations.unanswered(name)
    const current = unanswered === undefined ? await copy.text(name) : expectedBy(unanswered)
    const made = await updatePatch(name, current, next)
    // The same text out of the same text: the update whose outcome is unknown is being repeated.
    const isRepeated = unanswered !== undefined && textOf(unanswered) === textOf(made)
    return compareAndSet(copy, name, next, isRepeated ? unanswered : made, MAX_UPDATE_TRIES)
  })
}

async function compareAndSet(
  copy: WorkingCopy,
  name: string,
  next: Next,
  patch: Patch,
  triesLeft: number,
): Promise<string | null> {
  const reply = await copy.operations.send(name, patch)
  if (!reply.ok && reply.why === 'conflict' && triesLeft > 1) {
    const newer = await updatePatch(name, reply.current[0] ?? null, next)
    return compareAndSet(copy, name, next, newer, triesLeft - 1)
  }
  orThrow(reply)
  return textOf(patch)
}

/** What a patch of `updatePatch` makes of its entry. */
function textOf(patch: Patch): string | null {
  return patch.set?.[0]?.[1] ?? null
}

/** What a patch of `updatePatch` was made from. */
function expectedBy(patch: Patch): string | null {
  return patch.expect?.[0]?.[1] ?? null
}

async function updatePatch(name: string, current: string | null, next: Next): Promise<Patch> {
  return newPatch({ expect: [[name, current]], ...changesOf([[name, await next(current)]]) })
}
