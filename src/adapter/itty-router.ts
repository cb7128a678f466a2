import type { AutoRouterOptions, ErrorHandler, IRequest, StatusError } from 'itty-router'

import type { HasSession, RequestContext, Sessions } from '../request/create-sessions.ts'
import { answer, enter, fail, leave, requestSessionOf } from '../request/lifecycle.ts'
import { type Guard, refusalOf } from './refusal.ts'

/** What the handlers of a router with `sessionHooks` are called with. */
export type SessionRequest<Data extends object, Flash extends object, Methods = object> = IRequest &
  HasSession<Data, Flash, Methods>

type Arguments<Env> = [env: Env, ctx: RequestContext]
type Options<Data extends object, Env, Flash extends object, Methods> = AutoRouterOptions<
  SessionRequest<Data, Flash, Methods>,
  Arguments<Env>
> & {
  /** What is made of an error; AutoRouter's own is itty-router's `error`. */
  readonly catch: ErrorHandler<StatusError, SessionRequest<Data, Flash, Methods>, Arguments<Env>>
}

/**
 * Options for itty-router's `Router` and `AutoRouter` that give each of its handlers `request.session`:
 * `AutoRouter(sessionHooks(sessions, { catch: error }))`. The session is opened before `before` and committed after
 * `finally`, when the response is what it will be. Other options are returned as they are.
 *
 * If a handler throws, nothing recorded is written, and the answer is that of `catch`, with the cookie of what was awaited
 * before. An uncaught `ERR_SESSION_ENDED` becomes 409, and a failed store what `onStoreFailure` says, without asking
 * `catch`. A router within another one shares its session, which the outer one commits.
 */
export function sessionHooks<
  Data extends object,
  Env,
  Flash extends object,
  Methods extends object,
>(
  sessions: Sessions<Data, Env, Flash, Methods>,
  options: Options<Data, Env, Flash, Methods>,
): Required<Pick<Options<Data, Env, Flash, Methods>, 'before' | 'catch' | 'finally'>> &
  Options<Data, Env, Flash, Methods> {
  const { before = [], catch: answerFor, finally: after = [], ...others } = options
  /** Where a request has its ways through this router; a router can be its own child. */
  const key = Symbol('runs')
  type Hooks = Required<Pick<Options<Data, Env, Flash, Methods>, 'before' | 'catch' | 'finally'>>

  const open: Hooks['before'][number] = async (request, env, ctx) => {
    const session = requestSessionOf(await sessions.open(request, env, ctx))
    const outer = enter(session, request)
    const run: Run = { session, outer, isFinishing: false, error: undefined, isAnswered: false }
    carrierOf(request)[key] = [run, ...runsOf(request, key)]
  }

  const begin: Hooks['finally'][number] = (_, request) => {
    const [run] = runsOf(request, key)
    if (run !== undefined) run.isFinishing = true
  }

  const close: Hooks['finally'][number] = async (result, request) => {
    const [run] = runsOf(request, key)
    if (run === undefined) return result
    try {
      return run.isAnswered || result === undefined ? result : await completed(run, result)
    } finally {
      leaveRun(request, key, run)
    }
  }

  const failed: Hooks['catch'] = async (error, request, ...rest) => {
    const [run] = runsOf(request, key)
    if (run === undefined) return answerFor(error, request, ...rest)
    // Nothing comes after what a `finally` has thrown.
    const isLast = run.isFinishing
    let isOver = isLast
    try {
      const response = await ownAnswer(run, error)
      if (response !== undefined) return response
      isOver = true
      const result: unknown = await answerFor(error, request, ...rest)
      isOver = isLast
      return isLast && result !== undefined ? await completed(run, result) : result
    } finally {
      if (isOver) leaveRun(request, key, run)
    }
  }

  return {
    ...others,
    before: [open, ...before],
    catch: failed,
    finally: [begin, ...after, close],
  }
}

/** The answer to an error of the session's own; notes any other. */
async function ownAnswer(run: Run, error: unknown): Promise<Response | undefined> {
  try {
    const response = await fail(run.session, error)
    run.isAnswered = true
    return response
  } catch (fault) {
    run.error = { fault }
    return undefined
  }
}

/** The response, after the commit. */
async function completed({ session, error }: Run, result: unknown): Promise<Response> {
  if (error === undefined || session.depth > 1) return answer(session, result)
  return fail(session, error.fault, result instanceof Response ? result : Response.json(result))
}

/**
 * A guard as a middleware, behind `sessionHooks`: `router.all('/account/*', guardMiddleware(requireUser()))`. Whom it lets
 * in goes on to the next handler. Throws `ERR_OPTION` where there is no session.
 */
export function guardMiddleware(
  guard: Guard,
): (request: IRequest) => Promise<Response | undefined> {
  return async (request) => refusalOf(guard, request, request['session'])
}

/** One way of a request through a router. */
interface Run {
  readonly session: ReturnType<typeof requestSessionOf>
  /** What was `request.session` before. */
  readonly outer: unknown
  isFinishing: boolean
  /** What was thrown, if it was not the session's own. */
  error: { readonly fault: unknown } | undefined
  /** True if the session has made the answer. */
  isAnswered: boolean
}

/** A request, or a router's proxy of one, as one on which something may be left. */
function carrierOf(request: Request): { [key: symbol]: unknown } {
  return request as Request & { [key: symbol]: unknown }
}

/** The innermost first. */
function runsOf(request: Request, key: symbol): readonly Run[] {
  // Nobody else has the key.
  return (carrierOf(request)[key] as readonly Run[] | undefined) ?? []
}

function leaveRun(request: Request, key: symbol, run: Run): void {
  const runs = runsOf(request, key)
  if (!runs.includes(run)) return
  carrierOf(request)[key] = runs.filter((other) => other !== run)
  leave(run.session, request, run.outer)
}
