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
