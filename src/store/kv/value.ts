import { type Difference, differenceOf } from '../../record/difference.ts'
import { isDictionary } from '../../record/meta.ts'
import type { Account } from '../../session/account.ts'
import type { Entries, Patch, Refusal } from '../../session/patch.ts'
import { MIN_TTL_SECONDS, type SessionKvNamespace } from './namespace.ts'

/** A session. Times are in milliseconds since 1970. */
export interface KvSession {
  readonly hash: string
  readonly createdAt: number
  readonly expiresAt: number
  readonly entries: Entries
  readonly account?: Account
  /** The time the session was ended. Then no secret matches the hash, and there are no entries. */
  readonly endedAt?: number
}

/** A session, a tombstone of an ended session, or the tombstone that `regenerate` leaves at the previous key. */
export type KvValue = { readonly isCorrupt: true } | KvSession | { readonly rotatedAt: number }

export function parseValue(text: string): KvValue {
  try {
    const value = JSON.parse(text) as Partial<KvSession & { rotatedAt: number }>
    const { hash, createdAt, expiresAt, rotatedAt, entries, endedAt = 0 } = value
    const hasTimes = [createdAt, expiresAt, endedAt].every(Number.isFinite)
    if (typeof hash === 'string' && hasTimes && isDictionary(entries)) return value as KvSession
    if (rotatedAt !== undefined && Number.isFinite(rotatedAt)) return { rotatedAt }
  } catch {
    // Treated like JSON that is not a session.
  }
  return { isCorrupt: true }
}

/** KV accepts 25 MiB (Cloudflare: KV, limits). The session's own fields fit into the rest. */
const MAX_ENTRIES_BYTES = 26_000_000
/** A control character takes six bytes in JSON, and any other character less. */
const MAX_BYTES_EACH = 6

/** Returns the result of a patch, or a refusal if KV would refuse the value. */
export function kvDifferenceOf(entries: Entries, patch: Patch): Difference | Refusal {
  const difference = differenceOf(new Map(Object.entries(entries)), patch)
  if (!difference.ok) return difference
  let characters = 0
  for (const [name, text] of difference.after) characters += name.length + text.length
  if (characters * MAX_BYTES_EACH <= MAX_ENTRIES_BYTES / 2) return difference
  const json = JSON.stringify(Object.fromEntries(difference.after))
  if (new TextEncoder().encode(json).length <= MAX_ENTRIES_BYTES) return difference
  return { ok: false, why: 'too-large', limit: `${MAX_ENTRIES_BYTES} bytes of JSON` }
}

/** True if the value is a session that has not ended and is not past its deadline. */
export function isAlive(value: KvValue | undefined, now: number): boolean {
  if (value === undefined || !('hash' in value)) return false
  return value.endedAt === undefined && value.expiresAt > now
}

/**
 * Ends the session of a key. If it was alive, the time of the end is kept there for a minute, which costs a put instead
 * of a delete. If KV refuses one of the two, tries the other.
 */
export async function endSession(
  namespace: Pick<SessionKvNamespace, 'put' | 'delete'>,
  key: string,
  { now, wasAlive }: { readonly now: number; readonly wasAlive: boolean },
): Promise<void> {
  const leaveWord = (): Promise<void> =>
    namespace.put(key, wordOf(now), { expirationTtl: MIN_TTL_SECONDS })
  const remove = (): Promise<void> => namespace.delete(key)
  await (wasAlive ? leaveWord().catch(remove) : remove().catch(leaveWord))
}

/**
 * Returns the value to keep after the end of a session. It has the form of a session, so that earlier versions of this
 * library answer `ended` instead of `corrupt`: no secret has an empty hash.
 */
function wordOf(now: number): string {
  const times = { createdAt: now, expiresAt: now + MIN_TTL_SECONDS * 1000, endedAt: now }
  return JSON.stringify({ hash: '', ...times, entries: {} } satisfies KvSession)
}
