import { SessionError } from '../../errors.ts'

/** The used part of a `KVNamespace`. */
export interface SessionKvNamespace {
  get(key: string, options: { type: 'text'; cacheTtl?: number }): Promise<string | null>
  put(key: string, value: string, options: { expirationTtl: number }): Promise<void>
  delete(key: string): Promise<void>
}

/** KV refuses a shorter time to live (Cloudflare: KV, write key-value pairs). */
export const MIN_TTL_SECONDS = 60
/** Workerd takes a signed 32-bit integer: 68 years. */
const MAX_TTL_SECONDS = 2 ** 31 - 1

/** Returns the time to live in KV for these milliseconds, in seconds, as far as KV accepts it. */
export function ttlSeconds(milliseconds: number): number {
  return Math.min(Math.max(MIN_TTL_SECONDS, Math.ceil(milliseconds / 1000)), MAX_TTL_SECONDS)
}

/** Throws `ERR_BINDING` if there is no namespace. `what` is for the message. */
export function checkNamespace(namespace: unknown, what: string): void {
  if (typeof namespace === 'object' && namespace !== null) return
  throw new SessionError(
    'ERR_BINDING',
    `${what} has no KV namespace. Add [[kv_namespaces]] to wrangler.toml, and pass that binding of env to ${what}.`,
  )
}
