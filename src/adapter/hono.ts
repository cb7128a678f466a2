import type { Context, MiddlewareHandler } from 'hono'

import type { CsrfGuard } from '../guard/csrf.ts'
import type { HasUser, UserGuard } from '../guard/require-user.ts'
import type { HasSession, RequestContext, Sessions } from '../request/create-sessions.ts'
import { answer, enter, fail, leave, requestSessionOf } from '../request/lifecycle.ts'
import { Session } from '../session/session.ts'
import { type Guard, refusalOf } from './refusal.ts'

/** What a Hono application has with these sessions: `new Hono<SessionEnv<typeof sessions>>()`. */
export type SessionEnv<S, Name extends string = 'session'> =
  S extends Sessions<infer Data, infer Env, infer Flash, infer Methods>
    ? {
        Bindings: Env extends object ? Env : object
        Variables: { readonly [N in Name]: HasSession<Data, Flash, Methods>['session'] }
      }
    : never

export interface SessionMiddlewareOptions<Name extends string> {
  /** The variable that has the session. Default `session`; each layer of an application needs one of its own. */
  readonly variable?: Name
}

/**
 * A middleware for Hono: the session is `c.var.session`, and is committed after the handlers, with its cookie on the
 * response. If a request passes it more than once, it is one session, committed by the outermost.
 *
 * If a handler throws, an `HTTPException` too, nothing recorded is written, and the answer is the one of `app.onError`, with
 * the cookie of what was awaited before. An uncaught `ERR_SESSION_ENDED` becomes 409, and a failed store what
 * `onStoreFailure` says, whatever `app.onError` has made of it.
 */
export function sessionMiddleware<
  Data extends object,
  Env,
  Flash extends object,
  Methods extends object,
  const Name extends string = 'session',
>(
  sessions: Sessions<Data, Env, Flash, Methods>,
  options: SessionMiddlewareOptions<Name> = {},
): MiddlewareHandler<SessionEnv<Sessions<Data, Env, Flash, Methods>, Name>> {
  const { variable = 'session' } = options
  return async (context, next) => {
    // Its types are worked out by the application; here it is any context.
    const c = context as unknown as Context
    const request = c.req.raw
    // A middleware that has put another request in place of its own has left the session behind.
    giveBack(c, variable)
    const opened = await sessions.open(request, c.env as Env, contextOf(c))
    const session = requestSessionOf(opened)
    const outer = enter(session, request)
    try {
      c.set(variable, opened)
      await next()
      replace(c, await responseOf(c, session))
    } catch (error) {
      // Hono lets pass what is not an Error.
      replace(c, await fail(session, error))
    } finally {
      leave(session, request, outer)
    }
  }
}

/** The response to send; `undefined` if there is none yet. */
async function responseOf(
  c: Context,
  session: ReturnType<typeof requestSessionOf>,
): Promise<Response | undefined> {
  // Hono has caught an error already, and asked `app.onError` for a response.
  if (c.error !== undefined) return fail(session, c.error, c.res)
  return c.finalized ? answer(session, c.res) : undefined
}

/**
 * A guard as a middleware, behind `sessionMiddleware`: `app.use('/account/*', guardMiddleware(requireUser()))`. Handlers
 * after `requireUser` know that there is a `c.var.session.userId`. Throws `ERR_OPTION` where there is no session.
 */
export function guardMiddleware<const Name extends string = 'session'>(
  guard: UserGuard,
  options?: SessionMiddlewareOptions<Name>,
): MiddlewareHandler<{ Variables: { readonly [N in Name]: HasUser['session'] } }>
export function guardMiddleware(
  guard: CsrfGuard,
  options?: SessionMiddlewareOptions<string>,
): MiddlewareHandler
export function guardMiddleware(
  guard: Guard,
  { variable = 'session' }: SessionMiddlewareOptions<string> = {},
): MiddlewareHandler {
  return async (c, next) => {
    const refusal = await refusalOf(guard, c.req.raw, c.get(variable))
    if (refusal !== undefined) return refusal
    await next()
    return undefined
  }
}

function giveBack(c: Context, variable: string): void {
  const request: Request & { session?: unknown } = c.req.raw
  const session: unknown = c.get(variable)
  if (session instanceof Session) request.session ??= session
}

/** The context of the Worker, or, where a test gives none, one that does nothing. */
function contextOf(c: Context): RequestContext {
  try {
    return c.executionCtx
  } catch {
    return NO_CONTEXT
  }
}

const NO_CONTEXT: RequestContext = {
  waitUntil: () => undefined,
  passThroughOnException: () => undefined,
}

/** Hono adds the former response's headers to a new one, old cookies first, unless the former is taken away. */
function replace(c: Context, response: Response | undefined): void {
  if (response === undefined || response === c.res) return
  c.res = undefined
  c.res = response
}
