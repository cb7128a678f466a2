import { AutoRouter } from 'itty-router'
import { describe, expectTypeOf, test } from 'vitest'

import { accounts, type UserSession } from '../src/accounts.ts'
import { bound, type BindingPhase } from '../src/bound.ts'
import { csrfGuard, csrfToken } from '../src/guard/csrf.ts'
import { requireBound } from '../src/guard/require-bound.ts'
import { requireFresh, requireUser } from '../src/guard/require-user.ts'
import { createSessions, json, type Session } from '../src/index.ts'
import { durableObjectStore } from '../src/store/durable-object.ts'
import { userIndex } from '../src/store/user-index.ts'

interface Data {
  cart: string[]
}

const { withSession, user } = createSessions({
  data: json<Data>(),
  secrets: (env: Cloudflare.Env) => [env.SESSION_SECRET],
  store: (env) => durableObjectStore(env.SESSIONS),
  use: [accounts({ index: (env: Cloudflare.Env) => userIndex(env.USERS) })],
})

describe('behind a guard', () => {
  const signedIn = requireUser({ loginUrl: '/login' })

  test('the user is certain', () => {
    withSession(
      signedIn(async ({ session, params }, env, ctx) => {
        expectTypeOf(session.userId).toEqualTypeOf<string>()
        expectTypeOf(session.authenticatedAt).toEqualTypeOf<Date>()
        expectTypeOf(await session.get('cart')).toEqualTypeOf<readonly string[] | undefined>()
        expectTypeOf(env).toEqualTypeOf<Cloudflare.Env>()
        ctx.waitUntil(Promise.resolve())
        void params
        // @ts-expect-error no such key
        session.set('basket', [])
        return { userId: session.userId }
      }),
    )
  })

  test('and after a recent sign-in, and behind two guards', () => {
    withSession(
      csrfGuard()(
        requireFresh(300)(({ session }) => {
          expectTypeOf(session.userId).toEqualTypeOf<string>()
          session.set('cart', ['a'])
          return 'ok'
        }),
      ),
    )
  })

  test('a guarded handler answers with a Response', () => {
    const handler = withSession(signedIn(() => new Response('ok')))
    expectTypeOf(handler).returns.resolves.toEqualTypeOf<Response>()
  })

  test('routers take it', () => {
    const router = AutoRouter()
    router.get('/account', withSession(signedIn(({ session }) => session.userId)))
  })
})

test('a guard for devices needs bound(), and leaves the user as it is', () => {
  const { withSession: withDevice } = createSessions({
    secrets: ['x'.repeat(32)],
    store: (env: Cloudflare.Env) => durableObjectStore(env.SESSIONS),
    use: [accounts(), bound({ algorithms: ['ES256', 'RS256'] })],
  })
  withDevice(
    requireBound({ unbound: 'refuse', graceSeconds: 30 })(({ session }, env) => {
      expectTypeOf(session.binding).toEqualTypeOf<BindingPhase>()
      expectTypeOf(session.userId).toEqualTypeOf<string | undefined>()
      expectTypeOf(env).toEqualTypeOf<Cloudflare.Env>()
      // @ts-expect-error only a device binds it
      session.binding = 'bound'
      return 'ok'
    }),
  )
  withDevice(
    requireUser()(
      requireBound()(({ session }) => {
        expectTypeOf(session.userId).toEqualTypeOf<string>()
        return 'ok'
      }),
    ),
  )
  // @ts-expect-error a session has no phase without bound()
  withSession(requireBound()(({ session }) => session.binding))
  // @ts-expect-error there are two answers
  requireBound({ unbound: 'deny' })
  // @ts-expect-error no such algorithm
  bound({ algorithms: ['HS256'] })
})

test('without a guard nobody may be signed in', () => {
  withSession(({ session }) => {
    expectTypeOf(session.userId).toEqualTypeOf<string | undefined>()
    expectTypeOf(session.authenticatedAt).toEqualTypeOf<Date | undefined>()
    expectTypeOf(session.signIn('ada', { label: 'phone', aal: 2 })).resolves.toEqualTypeOf<void>()
    // @ts-expect-error a number is no user's id
    void session.signIn(1)
    // @ts-expect-error there are three levels
    void session.signIn('ada', { aal: 4 })
    return 'ok'
  })
})

test('a token for forms is a text', () => {
  expectTypeOf(csrfToken).returns.resolves.toEqualTypeOf<string>()
})

test('a user’s sessions are listed with their times', () => {
  const sessions = user('ada', {} as Cloudflare.Env)
  expectTypeOf(sessions.list).returns.resolves.items.toEqualTypeOf<UserSession>()
  expectTypeOf(sessions.list)
    .returns.resolves.items.toHaveProperty('createdAt')
    .toEqualTypeOf<Date>()
  expectTypeOf(sessions.revokeOthers).parameter(0).toExtend<Pick<Session, 'id'>>()
})
