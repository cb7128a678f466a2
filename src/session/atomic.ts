import { newRandomText } from '../codec/random.ts'
import { SessionError } from '../errors.ts'
import { type Applied, changeOf, type Patch, type Refusal } from './patch.ts'
import type { WorkingCopy } from './working-copy.ts'

/** Against N others `update` needs N tries at most, since every round has a winner. */
const MAX_UPDATE_TRIES = 100

/** Makes an entry's new text out of the present one; `null` is an absent entry. */
type Next = (text: string | null) => Promise<string | null>

/** Adds to a number, an absent one counting as 0, and gives the sum. */
export async function increment(copy: WorkingCopy, name: string, by: number): Promise<number> {
  if (!Number.isFinite(by)) throw notANumber(name)
  const unsaved = copy.unsaved(name)
  if (unsaved !== undefined) {
    const number = unsaved === null ? 0 : copy.decode(unsaved)
    const sum = typeof number === 'number' ? number + by : Number.NaN
    if (!Number.isFinite(sum)) throw notANumber(name)
    await copy.saveNow(name, String(sum))
    return sum
  }
  const clears = copy.recorded.clears
  const result = await copy.write(`increment ${by} ${name}`, { increment: [[name, by]] })
  const sum = applied(result, name).counts[0] ?? Number.NaN
  copy.recorded.markSaved(name, String(sum), clears)
  return sum
}

/** Deletes an entry and gives the text it had, or `null`. */
export async function take(copy: WorkingCopy, name: string): Promise<string | null> {
  const unsaved = copy.unsaved(name)
  if (unsaved !== undefined) {
    await copy.saveNow(name, null)
    return unsaved
  }
  const clears = copy.recorded.clears
  const result = await copy.write(`take ${name}`, { take: [name] })
  copy.recorded.markSaved(name, null, clears)
  return applied(result, name).taken[0] ?? null
}

/**
 * Replaces an entry's text by what `next` makes of it, `null` for absent, and gives the new one: compare and set, and
 * again with what another request has written in between.
 */
export async function update(copy: WorkingCopy, name: string, next: Next): Promise<string | null> {
  const unsaved = copy.unsaved(name)
  if (unsaved !== undefined) {
    const text = await next(unsaved)
    await copy.saveNow(name, text)
    return text
  }
  const unanswered = copy.unanswered(updateOf(name))
  const patch = unanswered ?? (await updatePatch(name, await copy.text(name), next))
  return compareAndSet(copy, name, patch, next, 1)
}

async function compareAndSet(
  copy: WorkingCopy,
  name: string,
  patch: Patch,
  next: Next,
  tries: number,
): Promise<string | null> {
  const clears = copy.recorded.clears
  const result = await copy.send(updateOf(name), patch)
  if (!result.ok && result.why === 'conflict' && tries < MAX_UPDATE_TRIES) {
    const current = result.current[0] ?? null
    return compareAndSet(copy, name, await updatePatch(name, current, next), next, tries + 1)
  }
  applied(result, name)
  const text = patch.set?.[0]?.[1] ?? null
  copy.recorded.markSaved(name, text, clears)
  return text
}

async function updatePatch(name: string, current: string | null, next: Next): Promise<Patch> {
  const changes = changeOf(name, await next(current))
  return { id: newRandomText(), expect: [[name, current]], ...changes }
}

function updateOf(name: string): string {
  return `update ${name}`
}

/** The outcome of a patch that was applied; throws for one that was not. */
export function applied(result: Applied | Refusal, name: string): Applied {
  if (result.ok) return result
  if (result.why === 'not-a-number') throw notANumber(name)
  throw new SessionError(
    'ERR_CONFLICT',
    `update(${keyOf(name)}) lost against other requests ${MAX_UPDATE_TRIES} times. Make its function quicker, or spread the work over several keys.`,
  )
}

function notANumber(name: string): SessionError {
  return new SessionError(
    'ERR_VALUE',
    `increment(${keyOf(name)}) needs finite numbers: in the key, as step, and as sum.`,
  )
}

function keyOf(name: string): string {
  return JSON.stringify(name.slice(1))
}
