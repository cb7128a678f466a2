import type { WriteReply } from '../../record/store.ts'
import type { Patch } from '../../session/patch.ts'
import { MIN_TTL_SECONDS, type SessionKvNamespace } from './namespace.ts'

/** A session that is to be made, or joined where it has been made. */
interface Making {
  readonly patch: Patch
  readonly now: number
  readonly put: () => Promise<void>
  readonly join: () => Promise<WriteReply>
}

/** The key that says that a handle has had its session; a location that remembers it as absent forgets nothing else. */
export function markOf(prefix: string, handle: string): string {
  return `${prefix}${handle}.once`
}

/**
 * Makes a session; with `onceUntil` only if there is no mark that it has been made, and then leaves one. Gives what came of
 * joining it, `undefined` where it was made. As far as KV goes: where the mark is not seen yet, the session is made again,
 * and the last write wins.
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
    // KV takes one write a second for a key: a parallel request may have made it.
    const joined = await join()
    if (joined.ok) return joined
    throw error
  }
  const expirationTtl = Math.max(MIN_TTL_SECONDS, Math.ceil((onceUntil - now) / 1000))
  await namespace.put(mark, '1', { expirationTtl })
  return undefined
}
