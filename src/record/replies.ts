import type { Applied } from '../session/patch.ts'
import type { Gone } from './store.ts'

/** The answer where there is no session. */
export const ENDED: Gone = { ok: false, gone: 'ended' }
/** The answer where what is stored can't be read as a session. */
export const CORRUPT: Gone = { ok: false, gone: 'corrupt' }
/** The outcome of changes that return nothing. */
export const NOTHING: Pick<Applied, 'taken' | 'counts'> = { taken: [], counts: [] }

/** True if a reply says that there is no session, rather than what came of a patch. */
export function isGone(reply: object): reply is Gone {
  return 'gone' in reply
}

/** The answer to a token that was replaced at this time. */
export function rotated(at: number): Gone {
  return { ok: false, gone: 'rotated', at }
}

/** True for what JSON gives as an object, and not as a list. */
export function isDictionary(value: unknown): value is Readonly<Record<string, unknown>> {
  return typeof value === 'object' && value !== null && !Array.isArray(value)
}
