import type { CallContext, Status } from '../../record/store.ts'
import type { Account } from '../../session/account.ts'
import type { Entries } from '../../session/patch.ts'

/** What the store once said of a session, in texts: nothing of the request that asked is kept. Times are milliseconds. */
export interface Copy {
  /** When the store was asked: a later change may be missing. */
  readonly at: number
  readonly usedAt: number
  readonly revision: number
  readonly account?: Account
  readonly entries: Entries
}

/** What is asked of a copy. */
export type Asked = Pick<CallContext, 'now' | 'touch'> & { readonly maxAge: number }

/**
 * True if a copy may answer: not behind what the token's holder has been shown, young enough, and no use has to be
 * recorded.
 */
export function isGood(
  copy: Copy,
  bookmark: number | undefined,
  { now, touch, maxAge }: Asked,
): boolean {
  if (bookmark === undefined || copy.revision < bookmark) return false
  const age = now - copy.at
  return age >= 0 && age < maxAge && now - copy.usedAt < touch
}

/** The copy that a reply makes; `undefined` for one without a revision, or whose token is due for renewal. */
export function copyOf(
  at: number,
  { usedAt, revision, account, renewal }: Status,
  entries: Entries,
): Copy | undefined {
  if (usedAt === undefined || revision === undefined || renewal !== undefined) return undefined
  return { at, usedAt, revision, entries, ...(account && { account }) }
}
