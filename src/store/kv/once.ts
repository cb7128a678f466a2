import { ENDED, SPENT } from '../../record/meta.ts'
import type { WriteReply } from '../../record/store.ts'
import type { Patch } from '../../session/patch.ts'
import { type SessionKvNamespace, ttlSeconds } from './namespace.ts'

/** A session to create, or to join if it exists already. */
interface Making {
  readonly patch: Patch
  readonly now: number
  readonly put: () => Promise<void>
  readonly join: () => Promise<WriteReply>
}

/**
 * Returns the key of the mark that a handle has had its session. If a location caches its absence, no other key is
 * affected.
 */
export function markOf(prefix: string, handle: string): string {
  return `${prefix}${handle}.once`
}

/** Returns the reply to joining a session that was created once, or `ended` if there is no mark that it was created. */
export async function madeOnce(
  namespace: SessionKvNamespace,
  mark: string,
  join: () => Promise<WriteReply>,
): Promise<WriteReply> {
  // Without a get of the session, whose absence this location would remember.
  if ((await namespace.get(mark, { type: 'text' })) === null) return ENDED
  const reply = await join()
  return reply === ENDED ? SPENT : reply
}

/**
 * Creates a session. With `onceUntil`, creates it only if there is no mark that it was created, and then writes one.
 * Returns the reply to joining it, or `undefined` if it was created. A location that does not see the mark yet creates
 * the session again, and the last write wins.
 */
export async function once(
  namespace: SessionKvNamespace,
  mark: string,
  { patch: { onceUntil }, now, put, join }: Making,
): Promise<WriteReply | undefined> {
  if (onceUntil === undefined) {
    await put()
    return undefined
  }
  if ((await namespace.get(mark, { type: 'text' })) !== null) return join()
  try {
    await put()
  } catch (error) {
    // KV accepts one write a second for a key, so a parallel request may have created the session.
    const joined = await join()
    if (joined.ok) return joined
    throw error
  }
  await namespace.put(mark, '1', { expirationTtl: ttlSeconds(onceUntil - now) })
  return undefined
}
