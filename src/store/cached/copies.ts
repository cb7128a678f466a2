import type { Token } from '../../codec/token.ts'
import { differenceOf } from '../../record/difference.ts'
import type { Credential, Moment, Seen } from '../../record/store.ts'
import type { Account } from '../../session/account.ts'
import type { Entries, Patch } from '../../session/patch.ts'
import type { SharedCopies } from './shared-copies.ts'

/** What the store once said of a session, in texts: nothing of the request that asked is kept. Times are milliseconds. */
export interface Copy {
  /** When the store was asked: what was changed later may not be in it. */
  readonly at: number
  readonly usedAt: number
  readonly revision: number
  readonly account?: Account
  readonly entries: Entries
}

/** A copy, or a note that there is a revision of which nothing else is known; older copies than that are not taken. */
interface Held extends Partial<Copy> {
  readonly revision: number
  readonly at: number
  readonly secret: string
}

/** What is asked of a copy. */
export type Asked = Pick<Moment, 'now' | 'touch'> & { readonly maxAge: number }

/** More than an isolate serves in a minute, and a small part of its 128 MB. */
const MAX_COPIES = 2000
const MAX_CHARACTERS = 4_000_000
/** One long session is not to drive out all others. */
const MAX_CHARACTERS_EACH = MAX_CHARACTERS / 16

/**
 * Copies of sessions that answer reads without a call of the store, each for some seconds. A token says which revision its
 * holder has been shown, so that no copy ever takes a browser back in time, and each reads its own writes.
 */
export class ReadCache {
  readonly maxAge: number
  readonly shared: SharedCopies | undefined
  readonly #held = new Map<string, Held>()
  #characters = 0

  constructor(maxAge: number, shared?: SharedCopies) {
    this.maxAge = maxAge
    this.shared = shared
  }

  /** The copy that this isolate holds and that may answer for this token, or `undefined`. */
  find(token: Token, moment: Pick<Moment, 'now' | 'touch'>): Copy | undefined {
    const held = this.#held.get(token.handle)
    if (held?.secret !== token.secret || !isCopy(held)) return undefined
    return isGood(held, token, { ...moment, maxAge: this.maxAge }) ? held : undefined
  }

  /** Keeps what the store has said of a session. Without a revision, or with a renewal to be done, nothing is kept. */
  keep({ handle, secret }: Credential, at: number, seen: Seen & Pick<Copy, 'entries'>): void {
    const { usedAt, revision, account, renewal, entries } = seen
    if (usedAt === undefined || revision === undefined || renewal !== undefined) return
    this.#hold(handle, { at, usedAt, revision, secret, entries, ...(account && { account }) })
  }

  /** Takes in that a patch was applied, so that what was read before is known as it is now. */
  change(credential: Credential, at: number, seen: Seen, patch: Patch, isCreation: boolean): void {
    const { revision } = seen
    if (revision === undefined) return
    const before = isCreation ? NEW : this.#held.get(credential.handle)
    const isKnown =
      before?.entries !== undefined && (isCreation || before.secret === credential.secret)
    const entries = isKnown ? entriesAfter(before, revision, patch) : undefined
    if (entries === undefined) this.outdate(credential.handle, at, revision)
    else this.keep(credential, at, { ...seen, entries })
  }

  /** Takes in that the session is at this revision or, by default, over: no copy of before is good any more. */
  outdate(handle: string, at: number, revision: number = Infinity): void {
    this.#hold(handle, { at, revision, secret: '' })
  }

  /** Takes in that this token is good no more, though its session lives on. */
  forget({ handle, secret }: Credential): void {
    const held = this.#held.get(handle)
    if (held?.secret === secret) this.#drop(handle, held)
  }

  /** The copy for this token as it is to be shared, if there is one that is no older than that. */
  copyOf({ handle, secret }: Credential, since: number): Copy | undefined {
    const held = this.#held.get(handle)
    return held?.secret === secret && isCopy(held) && held.at >= since ? held : undefined
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

/** Whether a copy may answer for a token: not behind what its holder knows, young enough, and no use has to be recorded. */
export function isGood(copy: Copy, { revision }: Token, { now, touch, maxAge }: Asked): boolean {
  if (revision === undefined || copy.revision < revision) return false
  const age = now - copy.at
  return age >= 0 && age < maxAge && now - copy.usedAt < touch
}

/** The entries at this revision, if the patch and nothing else lies between. */
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
