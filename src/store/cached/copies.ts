import { differenceOf } from '../../record/difference.ts'
import type { CallContext, Credential, Status } from '../../record/store.ts'
import type { Entries, Patch } from '../../session/patch.ts'
import { type Copy, copyOf, isGood } from './freshness.ts'

/** A copy, or only the revision that the session is known to have. Older copies are not accepted. */
interface Held extends Partial<Copy> {
  readonly revision: number
  readonly at: number
  readonly secret: string
}

/** More than an isolate serves in a minute, and a small part of its 128 MB. */
const MAX_COPIES = 2000
const MAX_CHARACTERS = 4_000_000
/** One long session must not evict all others. */
const MAX_CHARACTERS_EACH = MAX_CHARACTERS / 16

/** The copies of sessions that one isolate holds. */
export class Copies {
  readonly #maxAge: number
  readonly #held = new Map<string, Held>()
  #characters = 0

  constructor(maxAge: number) {
    this.#maxAge = maxAge
  }

  /** Returns the copy that may answer for this token, or `undefined`. */
  find(
    { handle, secret, bookmark }: Credential,
    { now, touch }: Pick<CallContext, 'now' | 'touch'>,
  ): Copy | undefined {
    const held = this.#held.get(handle)
    if (held?.secret !== secret || !isCopy(held)) return undefined
    return isGood(held, bookmark, { now, touch, maxAge: this.#maxAge }) ? held : undefined
  }

  /** Keeps a copy, unless it is `undefined` or something newer is known. */
  keep({ handle, secret }: Credential, copy: Copy | undefined): void {
    if (copy !== undefined) this.#hold(handle, { ...copy, secret })
  }

  /** Notes that a patch was applied, and updates the copy. */
  change(
    credential: Credential,
    at: number,
    status: Status,
    { patch, isCreation = false }: { readonly patch: Patch; readonly isCreation?: boolean },
  ): void {
    const { revision } = status
    if (revision === undefined) return
    const before = isCreation ? NEW : this.#held.get(credential.handle)
    const isKnown =
      before?.entries !== undefined && (isCreation || before.secret === credential.secret)
    const entries = isKnown ? entriesAfter(before, revision, patch) : undefined
    if (entries === undefined) this.outdate(credential.handle, at, revision)
    else this.keep(credential, copyOf(at, status, entries))
  }

  /** Notes that the session has this revision or, by default, has ended. Earlier copies are no longer valid. */
  outdate(handle: string, at: number, revision: number = Infinity): void {
    this.#hold(handle, { at, revision, secret: '' })
  }

  /** Notes that this token is no longer valid, though its session continues. */
  forget({ handle, secret }: Credential): void {
    const held = this.#held.get(handle)
    if (held?.secret === secret) this.#drop(handle, held)
  }

  /** Returns the copy to share for this token, or `undefined` if none is recent enough. */
  since({ handle, secret }: Credential, at: number): Copy | undefined {
    const held = this.#held.get(handle)
    return held?.secret === secret && isCopy(held) && held.at >= at ? held : undefined
  }

  #hold(handle: string, held: Held): void {
    const present = this.#held.get(handle)
    if (present !== undefined) {
      const isNewer = held.revision > present.revision
      if (!isNewer && (held.revision < present.revision || held.at < present.at)) return
      this.#drop(handle, present)
    }
    if (charactersOf(held) > MAX_CHARACTERS_EACH) return
    this.#held.set(handle, held)
    this.#characters += charactersOf(held)
    for (const [oldest, each] of this.#held) {
      if (this.#held.size <= MAX_COPIES && this.#characters <= MAX_CHARACTERS) return
      this.#drop(oldest, each)
    }
  }

  #drop(handle: string, held: Held): void {
    this.#held.delete(handle)
    this.#characters -= charactersOf(held)
  }
}

const NEW = { revision: 0, entries: {}, secret: '' }

function isCopy(held: Held): held is Held & Copy {
  return held.entries !== undefined
}

/** Returns the entries at this revision, or `undefined` if more than the patch has changed. */
function entriesAfter(
  before: { readonly revision: number; readonly entries?: Entries },
  revision: number,
  patch: Patch,
): Entries | undefined {
  const { entries = {} } = before
  if (revision === before.revision) return entries
  if (revision !== before.revision + 1) return undefined
  const difference = differenceOf(new Map(Object.entries(entries)), patch)
  return difference.ok ? Object.fromEntries(difference.after) : undefined
}

function charactersOf({ entries = {} }: Held): number {
  let characters = 0
  for (const name in entries) characters += name.length + (entries[name] ?? '').length
  return characters
}
