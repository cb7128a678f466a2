import { authjsCookie } from 'edge-session/migrate/authjs'
import { cookieSessionCookie } from 'edge-session/migrate/cookie-session'
import { h3Cookie, type H3Session } from 'edge-session/migrate/h3'
import { honoCookie } from 'edge-session/migrate/hono'

export interface Env {
  readonly SESSION_SECRET: string
  readonly OLD_SECRET: string
}

// #region hono
export const hono = honoCookie({
  name: 'user',
  secrets: (env: Env) => env.OLD_SECRET,
  load: (user) => ({ userId: user }),
  identity: () => crypto.randomUUID(), // the value is a user's id: all browsers of a user have the same cookie
})
// #endregion hono

export const h3 = h3Cookie({
  name: 'h3', // the name that useSession was given; this is its default
  password: (env: Env) => env.OLD_SECRET,
  maxAge: 7 * 86_400, // as useSession was given it, in seconds
  load: ({ data: { userId } }: H3Session<{ userId?: string }>) =>
    userId === undefined ? undefined : { userId },
})

export const cookieSession = cookieSessionCookie({
  name: 'session', // the name of cookie-session; this is its default
  keys: (env: Env) => [env.OLD_SECRET],
  load: ({ userId }: { userId?: string }) => (userId === undefined ? undefined : { userId }),
  identity: () => crypto.randomUUID(),
})

// #region authjs
export const authjs = authjsCookie({
  name: '__Secure-authjs.session-token', // on http: authjs.session-token
  secret: (env: Env) => env.OLD_SECRET, // AUTH_SECRET
  load: ({ sub }) => (sub === undefined ? undefined : { userId: sub }),
})
// #endregion authjs
