import { betterAuth } from 'better-auth'
import { env } from 'cloudflare:workers'
import { betterAuthStorage, ItemObject } from 'edge-session/adapter/better-auth'
import { Hono } from 'hono'
export { ItemObject } // bound as ITEMS in wrangler.toml

export const auth = betterAuth({
  baseURL: 'https://app.example',
  secret: env.SESSION_SECRET,
  database: env.DB, // users and accounts, in D1
  secondaryStorage: betterAuthStorage({ namespace: () => env.ITEMS }),
  emailAndPassword: { enabled: true },
  rateLimit: { enabled: true }, // in the objects, too
  advanced: { ipAddress: { ipAddressHeaders: ['cf-connecting-ip'] } },
})

export default new Hono()
  .on(['GET', 'POST'], '/api/auth/*', async (c) => auth.handler(c.req.raw))
  .get('/me', async (c) => {
    const signedIn = await auth.api.getSession({ headers: c.req.raw.headers })
    return c.json({ name: signedIn?.user.name ?? 'nobody' })
  })
