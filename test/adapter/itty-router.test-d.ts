import { AutoRouter, error, Router } from 'itty-router'
import { describe, expectTypeOf, test } from 'vitest'

import { type AccountMethods, accounts } from '../../src/accounts.ts'
import { guardMiddleware, sessionHooks } from '../../src/adapter/itty-router.ts'
import { requireUser } from '../../src/guard/require-user.ts'
import { createSessions, json, type RequestContext, type Session } from '../../src/index.ts'
import { memoryStore } from '../../src/store/memory.ts'

interface Data {
  cart: string[]
  visits: number
}

interface Flash {
  notice: string
}

const sessions = createSessions({
  data: json<Data, Flash>(),
  secrets: (env: Cloudflare.Env) => [env.SESSION_SECRET],
  store: memoryStore(),
  use: [accounts()],
})

type OwnSession = Awaited<ReturnType<typeof sessions.open>>

describe('request.session', () => {
  test('has the data’s keys and values in an AutoRouter’s handlers', () => {
    const router = AutoRouter(sessionHooks(sessions, { catch: error }))
    router.get('/:item', async ({ session, params }, env, ctx) => {
      expectTypeOf(session).toEqualTypeOf<OwnSession>()
      expectTypeOf(session).toExtend<Session<Data, Flash> & AccountMethods>()
      expectTypeOf(env).toEqualTypeOf<Cloudflare.Env>()
      expectTypeOf(ctx).toEqualTypeOf<RequestContext>()
      expectTypeOf(params).toEqualTypeOf<{ [key: string]: string }>()
      expectTypeOf(await session.get('cart')).toEqualTypeOf<readonly string[] | undefined>()
      // @ts-expect-error no such key
      session.set('basket', [])
      // @ts-expect-error a number is no list of strings
      session.set('cart', 1)
      // @ts-expect-error no such message
      session.flash('warning', 'x')
      return 'ok'
    })
    router.all('/account/*', guardMiddleware(requireUser()))
  })

  test('has them in a Router’s, and in its stages', () => {
    const router = Router(
      sessionHooks(sessions, {
        before: [
          ({ session }) => {
            expectTypeOf(session).toEqualTypeOf<OwnSession>()
            // @ts-expect-error no such key
            void session.get('basket')
          },
        ],
        catch: (fault, { session }) => {
          expectTypeOf(session).toEqualTypeOf<OwnSession>()
          return error(fault)
        },
        finally: [
          (_, { session }) => {
            expectTypeOf(session).toEqualTypeOf<OwnSession>()
          },
        ],
      }),
    )
    router.post('/', ({ session }) => {
      // @ts-expect-error a list is not counted
      void session.increment('cart')
      return session.increment('visits')
    })
  })

  test('needs a catch: what a handler throws is to write nothing', () => {
    // @ts-expect-error there is no catch
    sessionHooks(sessions, { before: [] })
    // @ts-expect-error there are no options
    sessionHooks(sessions)
  })

  test('comes with its own env', () => {
    const router = AutoRouter(sessionHooks(sessions, { catch: error }))
    router.get('/', (_, env) => {
      // @ts-expect-error no such binding
      void env.OTHER
    })
  })
})
