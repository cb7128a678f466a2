import type { CallContext, Status } from '../../record/store.ts'
import type { Account } from '../../session/account.ts'
import type { Entries } from '../../session/patch.ts'

/**
 * A session as the store returned it, as text. It holds nothing of the request that asked. Times are in milliseconds
 * since 1970.
 */
export interface Copy {
  /** When the store was asked. A later change may be missing. */
  readonly at: number
  readonly usedAt: number
  readonly revision: number
  readonly account?: Account
  readonly entries: Entries
}

/** The requirements for a copy. */
export type Asked = Pick<CallContext, 'now' | 'touch'> & { readonly maxAge: number }

/**
 * True if a copy may answer: it is not older than the revision that the token's holder has seen, it is young enough,
 * and no use has to be recorded.
 */
export function isGood(
  copy: Copy,
  bookmark: number | undefined,
  { now, touch, maxAge }: Asked,
): boolean {
  if (bookmark === undefined || copy.revision < bookmark) return false
  const age = now - copy.at
  const { at: signedInAt, remember } = copy.account ?? {}
  // Only the store knows when a remembered session ends, not its token.
  if (remember && now >= Number(signedInAt) + remember.absolute) return false
  return age >= 0 && age < maxAge && now - copy.usedAt < touch
}

/** Returns a copy of a reply, or `undefined` if the reply has no revision or its token is due for renewal. */
export function copyOf(
  at: number,
  { usedAt, revision, account, renewal }: Status,
  entries: Entries,
): Copy | undefined {
  if (usedAt === undefined || revision === undefined || renewal !== undefined) return undefined
  return { at, usedAt, revision, entries, ...(account && { account }) }
}
