import type { CallContext } from '../../record/store.ts'

/** KV accepts one write a second for a key (Cloudflare: KV, limits). */
const INTERVAL_MS = 1000

/** Writes a key. If KV refuses because the key was written within the last second, tries once more a second later. */
export async function atRate(write: () => Promise<void>): Promise<void> {
  try {
    await write()
  } catch (error) {
    if (!/\b429\b/.test(String(error))) throw error
    await new Promise((resolve) => setTimeout(resolve, INTERVAL_MS))
    await write()
  }
}

/** The keys that each request has written, by the function that only its calls have. They go with the request. */
const written = new WeakMap<object, Set<string>>()

/**
 * Writes a key; at KV's rate, if the same request has just written it. A write so soon after another request's is
 * refused by KV: what this one has read may have changed.
 */
export async function atOwnRate(
  { defer }: CallContext,
  key: string,
  write: () => Promise<void>,
): Promise<void> {
  const keys = (defer && written.get(defer)) ?? new Set()
  await (keys.has(key) ? atRate(write) : write())
  if (defer !== undefined) written.set(defer, keys.add(key))
}
