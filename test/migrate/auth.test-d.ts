import { expectTypeOf, test } from 'vitest'

import { authjsCookie, type AuthjsClaims } from '../../src/migrate/authjs.ts'
import { betterAuthCookie } from '../../src/migrate/better-auth.ts'

interface Env {
  readonly OLD_SECRET: string
}

test('load of betterAuthCookie is given what readSession returns', () => {
  betterAuthCookie({
    name: 'sid',
    secrets: (env: Env) => [env.OLD_SECRET],
    readSession: async (token, env) => {
      expectTypeOf(token).toEqualTypeOf<string>()
      expectTypeOf(env).toEqualTypeOf<Env>()
      return Math.random() > 1 ? null : { session: { expiresAt: 0 }, user: { id: 'ada' } }
    },
    load: ({ user }) => {
      expectTypeOf(user).toEqualTypeOf<{ id: string }>()
      return { userId: user.id }
    },
  })
  betterAuthCookie({
    name: 'sid',
    secrets: 'a secret',
    // @ts-expect-error a session has an end
    readSession: () => ({ session: { userId: 'ada' } }),
    load: () => undefined,
  })
  // @ts-expect-error nothing says where sessions are
  betterAuthCookie({ name: 'sid', secrets: 'a secret', load: () => undefined })
})

test('load of authjsCookie is given the claims, and those of the application', () => {
  authjsCookie({
    name: 'sid',
    secret: 'a secret',
    load: (claims) => {
      expectTypeOf(claims.sub).toEqualTypeOf<string | undefined>()
      expectTypeOf(claims.exp).toEqualTypeOf<number | undefined>()
      return undefined
    },
  })
  authjsCookie({
    name: 'sid',
    secret: ['newer', 'older'],
    load: ({ role, sub }: { readonly role: string } & AuthjsClaims) => ({ data: { role, sub } }),
    identity: ({ role }) => role,
  })
})
