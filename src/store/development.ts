import { SessionError } from '../errors.ts'
import type { SessionStore } from '../record/store.ts'
import { memoryStore } from './memory.ts'

/** Where the store is, so that it stays when the development server loads the module again. */
const KEY = Symbol.for('edge-session.development-store')

/**
 * Returns a store in memory, for a framework's development server that runs in Node and knows no Durable Objects of the
 * application: `dev ? developmentStore() : durableObjectStore(env.SESSIONS)`. It is the same store each time, until the
 * server stops, and the first call says so on the console. Throws `ERR_OPTION` on Workers, where each isolate would have
 * sessions of its own.
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
    'edge-session: sessions are in the memory of this development server, and end with it. wrangler dev has Durable Objects.',
  )
  return (global[KEY] = memoryStore())
}
