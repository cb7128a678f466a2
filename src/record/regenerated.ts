import type { Account } from '../session/account.ts'
import { type Meta, nextRevision } from './meta.ts'
import type { CallContext } from './store.ts'

/**
 * Returns the record with a new secret, and with the account of a sign-in. The previous secret stays valid for the
 * grace period, if there is one.
 */
export function regenerated(
  meta: Meta,
  hash: string,
  { now }: CallContext,
  {
    grace,
    account,
  }: { readonly grace?: number | undefined; readonly account?: Account | undefined },
): Meta {
  const { former: _, ...rest } = meta
  return {
    ...rest,
    ...(account && { account: signedInOver(meta.account, account), createdAt: account.at }),
    hash,
    usedAt: Math.max(meta.usedAt, now),
    rotatedAt: now,
    revision: nextRevision(meta),
    ...(grace !== undefined && { former: { hash: meta.hash, until: now + grace } }),
  }
}

/** Returns the account after a sign-in over this one. If it is the same user, the session stays remembered. */
export function signedInOver(former: Account | undefined, account: Account): Account {
  const { userId, remember } = former ?? {}
  // Also stored if it is no longer remembered, since a waiting sign-in is itself applied over the stored account.
  const isKnown = remember !== undefined && userId === account.userId
  return isKnown ? { remember, ...account } : account
}
