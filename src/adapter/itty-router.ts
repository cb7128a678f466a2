import type { AutoRouterOptions, ErrorHandler, IRequest, StatusError } from 'itty-router'

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
import { type Guard, refusalOf } from './refusal.ts'

/** The request that handlers of a router with `sessionHooks` receive. */
export type SessionRequest<Data extends object, Flash extends object, Methods = object> = IRequest &
  HasSession<Data, Flash, Methods>

type Arguments<Env> = [env: Env, ctx: RequestContext]
type Options<Data extends object, Env, Flash extends object, Methods> = AutoRouterOptions<
  SessionRequest<Data, Flash, Methods>,
  Arguments<Env>
> &
  TouchOption & {
    /** Makes the response to an error. The default in AutoRouter is itty-router's `error`. */
    readonly catch: ErrorHandler<StatusError, SessionRequest<Data, Flash, Methods>, Arguments<Env>>
  }

/**
 * Returns options for itty-router's `Router` and `AutoRouter` that add `request.session` for each handler:
 * `AutoRouter(sessionHooks(sessions, { catch: error }))`. The session is opened before `before` and committed after
 * `finally`, when the response is complete. Other options are returned unchanged.
 *
 * If a handler throws, recorded changes are dropped. The response is that of `catch`, with the cookie of awaited
 * changes. An uncaught `ERR_SESSION_ENDED` becomes 409, and `ERR_TOO_LARGE` 413. A store failure is answered according
 * to `onStoreFailure`. None of these call `catch`. A nested router shares the session, and the outer router commits it.
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
  const { before = [], catch: answerFor, finally: after = [], touch = true, ...others } = options
  /** The property of a request that holds its runs through this router. A router can be nested in itself. */
  const key = Symbol('runs')
  type Hooks = Required<Pick<Options<Data, Env, Flash, Methods>, 'before' | 'catch' | 'finally'>>

  const open: Hooks['before'][number] = async (request, env, ctx) => {
    const session = requestSessionOf(await sessions.open(request, env, ctx))
    const entered = enter(session, request)
    if (!touch) session.poll()
    const run: Run = { session, entered, isFinishing: false, error: undefined, isAnswered: false }
    carrierOf(request)[key] = [run, ...runsOf(request, key)]
  }

  const begin = (result: unknown, request: Request): Response | undefined => {
    const [run] = runsOf(request, key)
    if (run !== undefined) run.isFinishing = true
    // For the following hooks, which may not know it.
    return isResponse(result) ? responseOf(result) : undefined
  }

  // AutoRouter's own format turns a Blob, or a Response of another realm, into `{}`.
  const format = (result: unknown, request: Request): unknown => {
    // As in itty-router, no hook runs after an error.
    const given = begin(result, request)
    if (result === undefined || given !== undefined) return given
    const response = responseOf(result)
    response.headers.set('Content-Type', 'application/json; charset=utf-8')
    return response
  }

  const close: Hooks['finally'][number] = async (result, request) => {
    const [run] = runsOf(request, key)
    if (run === undefined) return result
    try {
      if (run.isAnswered && run.session.depth === 1) run.session.dictionary.seal()
      return run.isAnswered || result === undefined ? result : await completed(run, result)
    } finally {
      leaveRun(request, key, run)
    }
  }

  const failed: Hooks['catch'] = async (error, request, ...rest) => {
    const [run] = runsOf(request, key)
    if (run === undefined) return answerFor(error, request, ...rest)
    // As in itty-router, no hook runs after an error in `finally`.
    const isLast = run.isFinishing
    let isOver = isLast
    try {
      const response = await answerTo(run, error)
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
    format,
    ...others,
    before: [open, ...before],
    catch: failed,
    finally: [begin, ...after, close],
  }
}

/** Returns the response to a session error. Records any other error. */
async function answerTo(run: Run, error: unknown): Promise<Response | undefined> {
  try {
    const response = await fail(run.session, error, { isLast: false })
    run.isAnswered = true
    return response
  } catch (fault) {
    run.error = { fault }
    return undefined
  }
}

/** Returns the response, after the commit. */
async function completed({ session, error }: Run, result: unknown): Promise<Response> {
  if (error === undefined || session.depth > 1) return answer(session, result)
  return fail(session, error.fault, { response: responseOf(result) })
}

/**
 * Returns a guard as a middleware, to use after `sessionHooks`: `router.all('/account/*',
 * guardMiddleware(requireUser()))`. An accepted request continues to the next handler. Throws `ERR_OPTION` if there is
 * no session.
 */
export function guardMiddleware(
  guard: Guard,
): (request: IRequest) => Promise<Response | undefined> {
  return async (request) => refusalOf(guard, request, request['session'])
}

/** One run of a request through a router. */
interface Run {
  readonly session: ReturnType<typeof requestSessionOf>
  readonly entered: ReturnType<typeof enter>
  isFinishing: boolean
  /** The error, if it was not one of the session. */
  error: { readonly fault: unknown } | undefined
  /** True if the session has made the response. */
  isAnswered: boolean
}

/** Returns a request, or a router's proxy of one, typed to carry runs. */
function carrierOf(request: Request): { [key: symbol]: unknown } {
  return request as Request & { [key: symbol]: unknown }
}

/** Returns the runs of a request, the innermost first. */
function runsOf(request: Request, key: symbol): readonly Run[] {
  // Only this router has the key.
  return (carrierOf(request)[key] as readonly Run[] | undefined) ?? []
}

function leaveRun(request: Request, key: symbol, run: Run): void {
  const runs = runsOf(request, key)
  if (!runs.includes(run)) return
  carrierOf(request)[key] = runs.filter((other) => other !== run)
  leave(run.session, request, run.entered)
}
