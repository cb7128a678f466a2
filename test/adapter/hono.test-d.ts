import { type Context, Hono } from 'hono'
import { describe, expectTypeOf, test } from 'vitest'

import { type AccountMethods, accounts } from '../../src/accounts.ts'
import { guardMiddleware, type SessionEnv, sessionMiddleware } from '../../src/adapter/hono.ts'
import { bound, type BindingPhase } from '../../src/bound.ts'
import { csrfGuard } from '../../src/guard/csrf.ts'
import { requireBound } from '../../src/guard/require-bound.ts'
import { requireUser } from '../../src/guard/require-user.ts'
import { createSessions, json, type Session } from '../../src/index.ts'
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

describe('c.var.session', () => {
  test('has the data’s keys and values, in a chain', () => {
    new Hono()
      .use(sessionMiddleware(sessions))
      .get('/', async (c) => {
        expectTypeOf(c.var.session).toEqualTypeOf<OwnSession>()
        expectTypeOf(c.var.session).toExtend<Session<Data, Flash> & AccountMethods>()
        expectTypeOf(c.get('session')).toEqualTypeOf<OwnSession>()
        expectTypeOf(await c.var.session.get('cart')).toEqualTypeOf<readonly string[] | undefined>()
        expectTypeOf(c.env).toEqualTypeOf<Cloudflare.Env>()
        // @ts-expect-error no such key
        c.var.session.set('basket', [])
        // @ts-expect-error a number is no list of strings
        c.var.session.set('cart', 1)
        // @ts-expect-error a list is not counted
        void c.var.session.increment('cart')
        // @ts-expect-error no such variable
        void c.var.sessions
        return c.text('ok')
      })
      .post('/:item', (c) => {
        expectTypeOf(c.req.param('item')).toEqualTypeOf<string>()
        // @ts-expect-error no such message
        c.var.session.flash('warning', 'x')
        return c.text('ok')
      })
  })

  test('has them in an application that declares its environment', () => {
    const app = new Hono<SessionEnv<typeof sessions>>()
    app.use(sessionMiddleware(sessions))
    app.get('/', (c) => {
      expectTypeOf(c.var.session).toEqualTypeOf<OwnSession>()
      expectTypeOf(c.env.SESSION_SECRET).toEqualTypeOf<string>()
      // @ts-expect-error no such key
      void c.var.session.get('basket')
      return c.text('ok')
    })
    const helper = (c: Context<SessionEnv<typeof sessions>>): Promise<number> =>
      c.var.session.increment('visits')
    expectTypeOf(helper).returns.resolves.toEqualTypeOf<number>()
  })

  test('is not there without the middleware', () => {
    new Hono().get('/', (c) => {
      // @ts-expect-error nobody has put a session there
      void c.var.session
      return c.text('ok')
    })
  })

  test('goes together with other variables and bindings, and has the name that it is given', () => {
    new Hono<{ Bindings: Cloudflare.Env; Variables: { requestId: string } }>()
      .use(sessionMiddleware(sessions, { variable: 'visitor' }))
      .get('/', (c) => {
        expectTypeOf(c.var.visitor).toEqualTypeOf<OwnSession>()
        expectTypeOf(c.var.requestId).toEqualTypeOf<string>()
        // @ts-expect-error it has another name
        void c.var.session
        return c.text('ok')
      })
  })
})

describe('behind a guard', () => {
  test('the user is certain, and only there', () => {
    const app = new Hono<SessionEnv<typeof sessions>>()
    app.get('/in', guardMiddleware(requireUser()), (c) => {
      expectTypeOf(c.var.session.userId).toEqualTypeOf<string>()
      expectTypeOf(c.var.session.increment('visits')).resolves.toEqualTypeOf<number>()
      // @ts-expect-error no such key
      void c.var.session.get('basket')
      return c.text('ok')
    })
    app.get('/out', guardMiddleware(csrfGuard()), (c) => {
      expectTypeOf(c.var.session.userId).toEqualTypeOf<string | undefined>()
      return c.text('ok')
    })
  })

  test('the device may be asked for too, and says nothing of the user', () => {
    const ofDevices = createSessions({
      secrets: ['x'.repeat(32)],
      store: memoryStore(),
      use: [accounts(), bound()],
    })
    new Hono()
      .use(sessionMiddleware(ofDevices))
      .get('/in', guardMiddleware(requireBound()), (c) => {
        expectTypeOf(c.var.session.binding).toEqualTypeOf<BindingPhase>()
        expectTypeOf(c.var.session.userId).toEqualTypeOf<string | undefined>()
        return c.text('ok')
      })
      .get('/both', guardMiddleware(requireUser()), guardMiddleware(requireBound()), (c) => {
        expectTypeOf(c.var.session.userId).toEqualTypeOf<string>()
        return c.text('ok')
      })
  })
})
