import type { Applied, Patch } from '../session/patch.ts'
import type { Gone } from '../store/store.ts'

/**
 * A request that comes with the old token later than this after a regenerate was not on its way at the time: its browser
 * never got the new one, and may start afresh. As long as the requests of one page take.
 */
const ROTATION_WINDOW_MS = 60_000

/** Whether a reply says that there is no session, rather than what came of a patch. */
export function isGone(reply: object): reply is Gone {
  return 'gone' in reply
}

/** Whether the token was regenerated while its request was on its way, or has been since. */
export function isJustRotated(reply: Gone, openedAt: number): boolean {
  return reply.gone === 'rotated' && reply.at > openedAt - ROTATION_WINDOW_MS
}

/** What a patch comes to where there is no session, or `undefined` when it has something to keep. */
export function appliedToNothing({
  set = [],
  increment = [],
  take = [],
}: Patch): Applied | undefined {
  if (set.length + increment.length > 0) return undefined
  return { ok: true, taken: take.map(() => null), counts: [] }
}
