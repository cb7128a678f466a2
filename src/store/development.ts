import { SessionError } from '../errors.ts'
import type { SessionStore } from '../record/store.ts'
import { memoryStore } from './memory.ts'

/** Survives when the development server reloads the module. */
const KEY = Symbol.for('edge-session.development-store')

/**
 * Returns an in-memory store for a framework's development server that runs in Node, where the application's Durable
 * Objects are not available: `dev ? developmentStore() : durableObjectStore(env.SESSIONS)`. Every call returns the same
 * store until the server stops, and the first call logs a notice. Throws `ERR_OPTION` on Workers, where each isolate
 * would have its own sessions.
 */
export function developmentStore(): SessionStore {
  const { navigator } = globalThis as { readonly navigator?: { readonly userAgent?: string } }
  if (navigator?.userAgent === 'Cloudflare-Workers') {
    throw new SessionError(
      'ERR_OPTION',
      'developmentStore() is for development servers in Node. On Workers use durableObjectStore(env.SESSIONS).',
    )
  }
  const global = globalThis as { [KEY]?: SessionStore }
  if (global[KEY] !== undefined) return global[KEY]
  // oxlint-disable-next-line no-console
  console.warn(
    'edge-session: sessions are in the memory of this development server, and end with it. For Durable Objects, use wrangler dev.',
  )
  return (global[KEY] = memoryStore())
}
