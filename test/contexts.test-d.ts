import { Hono } from 'hono'
import { AutoRouter } from 'itty-router'
import { createRequestHandler, RouterContextProvider, type ServerBuild } from 'react-router'
import { describe, expectTypeOf, test } from 'vitest'

import { accounts } from '../src/accounts.ts'
import { csrfGuard } from '../src/guard/csrf.ts'
import { requireUser } from '../src/guard/require-user.ts'
import { createSessions, type RequestContext } from '../src/index.ts'
import { durableObjectStore } from '../src/store/durable-object.ts'
import { memoryStore } from '../src/store/memory.ts'

const { withSession } = createSessions({
  secrets: (env: Cloudflare.Env) => [env.SESSION_SECRET],
  store: (env) => durableObjectStore(env.SESSIONS),
  use: [accounts()],
})
const untyped = createSessions({ secrets: ['x'.repeat(32)], store: memoryStore() })

describe('withSession around a whole application', () => {
  test('passes its context on to Hono', () => {
    const app = new Hono<{ Bindings: Cloudflare.Env }>()
    const loose = new Hono()
    const all = {
      fetch: withSession((request, env, ctx) => app.fetch(request, env, ctx)),
    } satisfies ExportedHandler<Cloudflare.Env>
    void withSession((request, env, ctx) => loose.fetch(request, env, ctx))
    void untyped.withSession((request, env, ctx) => app.fetch(request, env, ctx))
    void withSession(async (request, env, ctx) => app.fetch(request, env, ctx))
    void withSession((request, env, ctx: ExecutionContext) => app.fetch(request, env, ctx))
    void withSession(requireUser()((request, env, ctx) => app.fetch(request, env, ctx)))
    void withSession(csrfGuard()((request, env, ctx) => app.fetch(request, env, ctx)))
    expectTypeOf(all.fetch).returns.resolves.toEqualTypeOf<Response>()
  })

  test('passes its context on to itty-router, React Router and handlers of Workers', () => {
    const router = AutoRouter()
    const handle = createRequestHandler({} as ServerBuild)
    const worker: ExportedHandlerFetchHandler<Cloudflare.Env> = () => new Response()
    const own: (request: Request, env: Cloudflare.Env, ctx: ExecutionContext) => Response = () =>
      new Response()
    void withSession((request, env, ctx) => router.fetch(request, env, ctx))
    void withSession((request) => handle(request, new RouterContextProvider()))
    void withSession((request, env, ctx) => own(request, env, ctx))
    expectTypeOf(worker).parameter(2).toEqualTypeOf<ExecutionContext>()
  })

  test('needs no context where the runtime has none', () => {
    const fetch = withSession(({ session }) => session.all())
    expectTypeOf(fetch).parameter(2).toEqualTypeOf<RequestContext | undefined>()
    void ((env: Cloudflare.Env, request: Request) => fetch(request, env))
    void ((request: Request) => untyped.withSession(() => 'ok')(request, {}))
    // @ts-expect-error what has no `waitUntil` is no context
    void ((env: Cloudflare.Env, request: Request) => fetch(request, env, {}))
  })

  test('still knows what a context has', () => {
    void withSession((_, __, ctx) => {
      ctx.waitUntil(Promise.resolve())
      // @ts-expect-error misspelt
      ctx.waitUntill(Promise.resolve())
    })
    void withSession((_, env) => {
      // @ts-expect-error no such binding
      void env.NO_SUCH_BINDING
      return env.SESSION_SECRET
    })
  })
})
