import { RANDOM_TEXT_LENGTH } from '../../codec/random.ts'
import { CORRUPT, ended, ENDED, mayJoin, NOTHING, rotated } from '../../record/meta.ts'
import { signedInOver } from '../../record/regenerated.ts'
import { isAnotherUsers } from '../../record/step.ts'
import type { CallContext, Credential, Gone, Status, WriteReply } from '../../record/store.ts'
import type { Account, OwnTimeouts } from '../../session/account.ts'
import type { Patch } from '../../session/patch.ts'
import type { KvSession, KvValue } from './value.ts'

export function accountOf({ account }: { readonly account?: Account | undefined }): {
  readonly account?: Account
} {
  return account === undefined ? {} : { account }
}

export function statusOf(session: KvSession): Pick<Status, 'account' | 'expiresAt'> {
  return { ...accountOf(session), expiresAt: session.expiresAt }
}

/** Other locations may see a new value this much later (Cloudflare: how KV works). */
const VISIBLE_AFTER_MS = 60_000

/** Returns the answer for a missing session. If its token is young enough, the session may only be unseen. */
export function goneOf(
  gone: Gone,
  value: KvValue | undefined,
  { usedAt }: Credential,
  { now }: CallContext,
): Gone {
  const isYoung = usedAt !== undefined && now - usedAt < VISIBLE_AFTER_MS
  return value === undefined && isYoung ? { ok: false, gone: 'unseen' } : gone
}

/** Returns the session with this user signed in. Another user's entries are dropped. */
export function signedIn(
  session: KvSession,
  context: CallContext,
  { signIn, replacesAnothers = false }: Patch,
): KvSession {
  if (signIn === undefined) return session
  const former = replacesAnothers ? undefined : session.account
  const account = signedInOver(former, signIn)
  return {
    ...session,
    account,
    createdAt: account.at,
    expiresAt: account.at + timeoutsOf(account, context).absolute,
    entries: replacesAnothers || isAnotherUsers(session.account, account) ? {} : session.entries,
  }
}

/** Returns the session's own timeouts, or else those of the layer. */
export function timeoutsOf(account: Account | undefined, context: CallContext): OwnTimeouts {
  return account?.remember ?? context
}

/** The part of a handle that `regenerate` keeps. */
export function idPart(handle: string): string {
  return handle.slice(0, RANDOM_TEXT_LENGTH)
}

type Live = { readonly ok: true; readonly session: KvSession }

/** Returns the session if this secret opens it and, by the time of the token, it has not expired. */
export function liveValue(
  value: KvValue | undefined,
  hash: string,
  context: CallContext,
  { usedAt = Infinity }: Pick<Credential, 'usedAt'>,
): Live | Gone {
  if (value === undefined) return ENDED
  if ('isCorrupt' in value) return CORRUPT
  if ('rotatedAt' in value) return rotated(value.rotatedAt)
  if (value.endedAt !== undefined) return ended(value.endedAt, context.now)
  const { idle, absolute } = timeoutsOf(value.account, context)
  const deadline = Math.min(value.expiresAt, value.createdAt + absolute, usedAt + idle)
  if (deadline <= context.now) return { ok: false, gone: 'expired' }
  return value.hash === hash ? { ok: true, session: value } : ENDED
}

/**
 * Returns the reply to a request that would have created this session itself. KV records no use, so the request may
 * join for one minute only.
 */
export function joinReply(
  value: KvValue | undefined,
  hash: string,
  context: CallContext,
): WriteReply {
  const live = liveValue(value, hash, context, {})
  if (!live.ok) return live
  const { createdAt } = live.session
  const isOpen = mayJoin({ createdAt, usedAt: Infinity }, context.now)
  return isOpen ? { ok: true, ...NOTHING, createdAt, ...accountOf(live.session) } : ENDED
}

export function isSession(value: KvValue | undefined, hash: string): value is KvSession {
  return value !== undefined && 'hash' in value && value.hash === hash
}
