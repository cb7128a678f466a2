import type { Token } from '../codec/token.ts'
import { isGone } from '../record/meta.ts'
import type { Credential, Gone, RegenerateReply, WriteReply } from '../record/store.ts'
import type { Account } from '../session/account.ts'
import type { Applied, Patch, Refusal } from '../session/patch.ts'
import type { FeatureSession, PendingToken, TokenChange } from './feature.ts'
import { noteEnding } from './open.ts'
import type { Arrival } from './state.ts'
import type { StoredSession } from './stored-session.ts'

/** A session whose token can change. */
type TokenSession = StoredSession & FeatureSession

/** Issues a pending token. If the store is not atomic, these changes go in the same write. */
export async function settlePending(
  session: TokenSession,
  pending: PendingToken,
  changes?: Patch,
): Promise<Applied | Refusal> {
  const { token } = session
  const patch = { ...pending.patch, ...changes }
  try {
    const reply = await (token === undefined
      ? session.createNow(patch)
      : replace(session, token, { secret: pending.secret, patch }))
    if (!reply.ok) return reply
    session.pending = undefined
    await tell(session, { is: 'issued', pending, formerHandle: token?.handle })
    return reply
  } finally {
    if (session.isOver) await dropPending(session)
  }
}

/** Drops a pending token, which was never sent. */
export async function dropPending(session: TokenSession): Promise<void> {
  const { pending } = session
  session.pending = undefined
  if (pending !== undefined) await tell(session, { is: 'dropped', pending })
}

type Replaced = Extract<RegenerateReply, { readonly ok: true }>

/** True if another user's sign-in is waiting. It does not need the session. */
export function awaitsAnother({ pending, state }: TokenSession): boolean {
  const signIn = pending?.patch.signIn
  const former = state.is === 'live' ? state.status.account : undefined
  return signIn !== undefined && signIn.userId !== former?.userId
}

interface Replacement {
  readonly secret: string
  readonly patch: Patch
}

/**
 * Replaces the token's secret. A sign-in to a session that is over starts a new one, since it authenticates the user
 * again. Without a session there is nothing to replace.
 */
async function replace(
  session: TokenSession,
  token: Token,
  replacement: Replacement,
): Promise<Applied | Refusal> {
  const { store } = session
  const { secret, patch } = replacement
  const isUnsent = session.isIssued && token !== session.arrival.token
  const reply = await session.call(store.name, 'regenerate', (context) =>
    store.regenerate(token, context, { secret, patch, isUnsent }),
  )
  if (isGone(reply)) {
    const hasNext =
      patch.signIn === undefined
        ? session.leave(token, reply)
        : leaveToSignIn(session, token, reply)
    const next = (await hasNext) ? session.token : undefined
    return next === undefined ? session.createNow(patch) : replace(session, next, replacement)
  }
  if (!reply.ok) return reply
  confirmReplaced(session, token, { replacement, reply })
  return { ok: true, taken: [], counts: [] }
}

function confirmReplaced(
  session: TokenSession,
  token: Token,
  { replacement, reply }: { readonly replacement: Replacement; readonly reply: Replaced },
): void {
  const { secret, patch } = replacement
  const createdAt = patch.signIn?.at ?? token.createdAt
  // If the store records no uses, the token shows how recent it is.
  const usedAt = session.store.can.recordUse ? token.usedAt : session.settings.now()
  session.confirm({ ...token, secret, handle: reply.handle, createdAt, usedAt }, reply)
  session.isIssued = true
  if (patch.signIn === undefined) session.report({ type: 'regenerated', id: session.id })
}

/** Leaves a session that a sign-in found to be over. Returns true if the browser has another token to try. */
async function leaveToSignIn(session: TokenSession, token: Token, reply: Gone): Promise<boolean> {
  session.refuse(token, reply)
  if (await session.hasNext()) return true
  session.startOver()
  return false
}

/** Creates the session with this credential, or joins it, for an adoption. */
export async function adoptSession(
  session: TokenSession,
  credential: Credential,
  pending: PendingToken,
): Promise<WriteReply> {
  const reply = await session.createAs(credential, pending.patch)
  if (!reply.ok) return reply
  const isJoined = reply.createdAt !== undefined
  if (!isJoined) session.report({ type: 'adopted', id: session.id })
  await tell(session, { is: 'issued', pending, isJoined })
  return reply
}

/** A session that this request destroyed, and the account that was signed in. */
interface Ended {
  readonly id: string
  readonly account: Account | undefined
}

/**
 * Deletes the session from the store, and those of the browser's other tokens, which it would send next. Returns the
 * deleted ones, or an empty list if there is no session.
 */
export async function destroySessions(session: StoredSession): Promise<Ended[]> {
  const { arrival, state } = session
  const token = state.is === 'unseen' ? state.token : session.token
  const ended: Ended[] = []
  let reply: Gone | undefined
  for (
    let each: Pick<Arrival, 'token' | 'next'> | undefined = { ...arrival, token };
    each?.token !== undefined;
    // One after the other, since there is rarely more than one.
    // oxlint-disable-next-line no-await-in-loop
    each = await each.next?.()
  ) {
    // oxlint-disable-next-line no-await-in-loop
    const one = await destroyOne(session, each.token)
    if ('id' in one) ended.push(one)
    else reply ??= one
  }
  if (reply !== undefined && ended.length === 0) throw session.lose(reply)
  session.state = { is: 'destroyed', token }
  return ended
}

async function destroyOne(session: StoredSession, token: Token): Promise<Ended | Gone> {
  const { store } = session
  const reply = await session.call(store.name, 'destroy', (at) => store.destroy(token, at))
  if (!reply.ok) return reply
  const id = store.idOf(token.handle)
  noteEnding(id)
  session.report({ type: 'destroyed', id })
  return { id, account: reply.account }
}

/** Deletes the session, and tells the features. */
export async function endSession(session: TokenSession): Promise<void> {
  const { id, pending } = session
  const ended = await destroySessions(session)
  session.pending = undefined
  const account = pending?.patch.signIn
  for (const each of ended.length > 0 ? ended : [{ id, account: undefined }]) {
    // oxlint-disable-next-line no-await-in-loop
    await tell(session, { is: 'ended', id: each.id, account: each.account ?? account })
  }
}

async function tell(session: TokenSession, change: TokenChange): Promise<void> {
  for (const { changed } of session.settings.hooks.changed) {
    // The features run one after the other, because their order is guaranteed.
    // oxlint-disable-next-line no-await-in-loop
    await changed(session, change)
  }
}
