// src/session-driver.ts, named in astro.config.mjs as the entrypoint
import { env } from 'cloudflare:workers'
import { type ObjectDriver, objectDriver } from 'edge-session/adapter/unstorage'

/** What Astro calls when the first session is used. */
export default function sessionDriver(): ObjectDriver {
  return objectDriver({ namespace: () => env.ITEMS, base: 'astro', ttl: 12 * 3600 })
}
