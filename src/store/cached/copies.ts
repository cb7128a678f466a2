import { BoundedMap } from '../../codec/bounded-map.ts'
import { differenceOf } from '../../record/difference.ts'
import { isAnotherUsers } from '../../record/step.ts'
import type { CallContext, Credential, Status } from '../../record/store.ts'
import type { Entries, Patch } from '../../session/patch.ts'
import { type Copy, copyOf, isGood } from './freshness.ts'

/** A copy, or only the latest known revision of the session. Older copies are not accepted. */
interface Held extends Partial<Copy> {
  readonly revision: number
  readonly at: number
  readonly secret: string
}

/** More than an isolate serves in a minute, in a small part of its 128 MB. */
const MAX_COPIES = 2000
const MAX_CHARACTERS = 4_000_000
/** One long session must not evict all others. */
const MAX_CHARACTERS_EACH = MAX_CHARACTERS / 16

/** The copies of sessions that one isolate holds. */
export class Copies {
  readonly #maxAge: number
  readonly #held = new Map<string, Held>()
  /** The tokens that the store has refused. A copy of an earlier answer may still arrive. */
  readonly #refused = new BoundedMap<true>(MAX_COPIES)
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

  /** Keeps a copy, unless it is `undefined`, a newer state of the session is known, or its token is no longer valid. */
  keep(credential: Credential, copy: Copy | undefined): void {
    const { handle, secret } = credential
    if (copy === undefined || this.isRefused(credential)) return
    this.#hold(handle, { ...copy, secret })
  }

  /** True if the store has refused this token, so that a copy from elsewhere must not answer for it. */
  isRefused({ handle, secret }: Credential): boolean {
    return this.#refused.get(`${handle} ${secret}`) === true
  }

  /** True if a copy from elsewhere may answer for this token, since no newer state of the session is known. */
  isNewest(credential: Credential, { revision }: Copy): boolean {
    const known = this.#held.get(credential.handle)?.revision ?? 0
    return revision >= known && !this.isRefused(credential)
  }

  /** Notes that a patch was applied, and updates the copy. */
  change(
    credential: Credential,
    at: number,
    status: Status & { readonly moved?: true },
    { patch, isCreation = false }: { readonly patch: Patch; readonly isCreation?: boolean },
  ): void {
    const { revision } = status
    if (revision === undefined) return
    const before = isCreation ? NEW : this.#copyBefore(credential)
    const entries = before && entriesAfter(before, status, patch)
    if (entries === undefined) this.outdate(credential.handle, at, revision)
    else this.keep(credential, copyOf(at, status, entries))
  }

  /** Notes that the session has a new token, and moves the copy to it. */
  renew(credential: Credential, next: Credential, at: number, status: Status, patch: Patch): void {
    const { revision = 0, account } = status
    const before = this.#copyBefore(credential)
    this.outdate(credential.handle, at, revision)
    // Then the token is the only change since the copy.
    if (before?.revision !== revision - 1) return
    const entries = isAnotherUsers(before.account, account) ? {} : before.entries
    const difference = differenceOf(new Map(Object.entries(entries)), patch)
    if (difference.ok) this.keep(next, copyOf(at, status, Object.fromEntries(difference.after)))
  }

  /** Returns the copy for this token, which may be too old to answer. */
  #copyBefore({ handle, secret }: Credential): Copy | undefined {
    const held = this.#held.get(handle)
    return held?.secret === secret && isCopy(held) ? held : undefined
  }

  /** Notes that the session has this revision or, by default, has ended. Earlier copies are no longer valid. */
  outdate(handle: string, at: number, revision: number = Infinity): void {
    this.#hold(handle, { at, revision, secret: '' })
  }

  /** Notes that the store has refused this token. Its session may continue with another one. */
  refuse({ handle, secret }: Credential): void {
    this.#refused.set(`${handle} ${secret}`, true)
    const held = this.#held.get(handle)
    if (held?.secret === secret) this.#drop(handle, held)
  }

  /** Returns the copy to share for this token, or `undefined` if none is recent enough. */
  since({ handle, secret }: Credential, at: number): Copy | undefined {
    const held = this.#copyBefore({ handle, secret })
    return held !== undefined && held.at >= at ? held : undefined
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

const NEW = { revision: 0, entries: {} }

function isCopy(held: Held): held is Held & Copy {
  return held.entries !== undefined
}

/** Returns the entries after a write, or `undefined` if more than its patch has changed, or may have. */
function entriesAfter(
  { revision: before, entries }: Pick<Copy, 'revision' | 'entries'>,
  { revision, moved }: { readonly revision?: number; readonly moved?: true },
  patch: Patch,
): Entries | undefined {
  if (revision === before) return entries
  if (revision !== before + 1 || moved !== true) return undefined
  const difference = differenceOf(new Map(Object.entries(entries)), patch)
  return difference.ok ? Object.fromEntries(difference.after) : undefined
}

function charactersOf({ entries = {} }: Held): number {
  let characters = 0
  for (const name in entries) characters += name.length + (entries[name] ?? '').length
  return characters
}
