// #region adopt
import { secretbox } from '@noble/ciphers/salsa.js'
import { secureSessionCookie } from 'edge-session/migrate/fastify-secure-session'

export const secureSession = secureSessionCookie({
  name: 'session', // the plugin's cookieName or sessionName; this is its default
  key: (env: { readonly FASTIFY_KEY: string }) => env.FASTIFY_KEY, // 32 bytes in base64
  secretbox,
  load: ({ userId }: { userId?: string }) => (userId === undefined ? undefined : { userId }),
})
// #endregion adopt
