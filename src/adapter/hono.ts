import type { Context, MiddlewareHandler } from 'hono'

import type { CsrfGuard } from '../guard/csrf.ts'
import type { BoundGuard } from '../guard/require-bound.ts'
import type { HasUser, UserGuard } from '../guard/require-user.ts'
import type { HasSession, RequestContext, Sessions } from '../request/create-sessions.ts'
import {
  answer,
  enter,
  fail,
  isResponse,
  leave,
  requestSessionOf,
  responseOf,
  type TouchOption,
} from '../request/lifecycle.ts'
import { Session } from '../session/session.ts'
import { type Guard, refusalOf } from './refusal.ts'

/** The environment of a Hono application with these sessions: `new Hono<SessionEnv<typeof sessions>>()`. */
export type SessionEnv<S, Name extends string = 'session'> =
  S extends Sessions<infer Data, infer Env, infer Flash, infer Methods>
    ? {
        Bindings: Env extends object ? Env : object
        Variables: { readonly [N in Name]: HasSession<Data, Flash, Methods>['session'] }
      }
    : never

interface VariableOption<Name extends string> {
  /** The variable that holds the session. Default `session`. Each layer of an application needs its own. */
  readonly variable?: Name
}

export interface SessionMiddlewareOptions<Name extends string>
  extends VariableOption<Name>, TouchOption {}

/**
 * Returns a Hono middleware. The session is `c.var.session`, committed after the handlers, with its cookie on the
 * response. A request that passes the middleware several times has one session, committed by the outermost.
 *
 * If a handler throws, even an `HTTPException`, recorded changes are dropped. The response is that of `app.onError`,
 * with the cookie of awaited changes. An uncaught `ERR_SESSION_ENDED` becomes 409, and `ERR_TOO_LARGE` 413. A store
 * failure is answered according to `onStoreFailure`. These responses replace that of `app.onError`.
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
  const { variable = 'session', touch = true } = options
  return async (context, next) => {
    // The types are inferred by the application. Here, any context is accepted.
    const c = context as unknown as Context
    const request = c.req.raw
    // Restores the session if another middleware has replaced the request.
    giveBack(c, variable)
    const opened = await sessions.open(request, c.env as Env, contextOf(c))
    const session = requestSessionOf(opened)
    const entered = enter(session, request)
    if (!touch) session.poll()
    try {
      c.set(variable, opened)
      await next()
      replace(c, await answerOf(c, session))
    } catch (error) {
      // Hono copies the headers of the previous response, and a handler may return anything.
      if (!isResponse(c.res)) c.res = undefined
      // Hono does not catch a thrown value that is not an Error.
      replace(c, await fail(session, error, { entered }))
    } finally {
      leave(session, request, entered)
    }
  }
}

/** Returns the response to send, or `undefined` if there is none yet. */
async function answerOf(
  c: Context,
  session: ReturnType<typeof requestSessionOf>,
): Promise<Response | undefined> {
  // Hono has already caught the error and called `app.onError`.
  if (c.error !== undefined) return fail(session, c.error, { response: responseOf(c.res) })
  return c.finalized ? answer(session, c.res) : undefined
}

/**
 * Returns a guard as a middleware, to use after `sessionMiddleware`: `app.use('/account/*',
 * guardMiddleware(requireUser()))`. After `requireUser`, handlers know that `c.var.session.userId` is set. Throws
 * `ERR_OPTION` if there is no session.
 */
export function guardMiddleware<const Name extends string = 'session'>(
  guard: UserGuard,
  options?: VariableOption<Name>,
): MiddlewareHandler<{ Variables: { readonly [N in Name]: HasUser['session'] } }>
export function guardMiddleware(
  guard: BoundGuard | CsrfGuard,
  options?: VariableOption<string>,
): MiddlewareHandler
export function guardMiddleware(
  guard: Guard,
  { variable = 'session' }: VariableOption<string> = {},
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

/** Returns the Worker's context, or one that does nothing if a test has none. */
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

/**
 * Replaces the response. Unless the previous response is removed first, Hono adds its headers, with old cookies first.
 */
function replace(c: Context, response: Response | undefined): void {
  if (response === undefined || response === c.res) return
  c.res = undefined
  c.res = response
}
