import type { AutoRouterOptions, ErrorHandler, IRequest, StatusError } from 'itty-router'

import type { CsrfGuard } from '../guard/csrf.ts'
import { answerError, commit } from '../request/commit.ts'
import type { HasSession, RequestContext, Sessions } from '../request/create-sessions.ts'
import { hide, show, visitOf } from '../request/with-session.ts'
import type { Session } from '../session/session.ts'
import { refusalOf } from './refusal.ts'

/** What the handlers of a router with `sessionHooks` are called with. */
export type SessionRequest<Data extends object, Flash extends object> = IRequest &
  HasSession<Data, Flash>

type Arguments<Env> = [env: Env, ctx: RequestContext]
type Options<Data extends object, Env, Flash extends object> = AutoRouterOptions<
  SessionRequest<Data, Flash>,
  Arguments<Env>
> & {
  /** What is made of an error; AutoRouter's own is itty-router's `error`. */
  readonly catch: ErrorHandler<StatusError, SessionRequest<Data, Flash>, Arguments<Env>>
}

/**
 * Options for itty-router's `Router` and `AutoRouter` that give each of its handlers `request.session`:
 * `AutoRouter(sessionHooks(sessions, { catch: error }))`. The session is opened before `before` and committed after
 * `finally`, when the response is what it will be. Other options are given back as they are.
 *
 * When a handler throws, nothing recorded is written, and the answer is that of `catch`. An uncaught `ERR_SESSION_ENDED`
 * becomes 409, and a failed store what `onStoreFailure` says, without asking `catch`. A router within another one shares
 * its session, which the outer one commits.
 */
export function sessionHooks<Data extends object, Env, Flash extends object>(
  sessions: Sessions<Data, Env, Flash>,
  options: Options<Data, Env, Flash>,
): Required<Pick<Options<Data, Env, Flash>, 'before' | 'catch' | 'finally'>> &
  Options<Data, Env, Flash> {
  const { before = [], catch: answerFor, finally: after = [], ...others } = options
  /** Where a request has its ways through this router; a router can be its own child. */
  const key = Symbol('runs')
  type Hooks = Required<Pick<Options<Data, Env, Flash>, 'before' | 'catch' | 'finally'>>

  const open: Hooks['before'][number] = async (request, env, ctx) => {
    const session = await sessions.open(request, env, ctx)
    visitOf(session).depth += 1
    const run = { session, outer: show(request, session), isFinishing: false, hasFailed: false }
    carrierOf(request)[key] = [run, ...runsOf(request, key)]
  }

  const begin: Hooks['finally'][number] = (_, request) => {
    const [run] = runsOf(request, key)
    if (run !== undefined) run.isFinishing = true
  }

  const close: Hooks['finally'][number] = (result, request) => {
    const [run] = runsOf(request, key)
    leave(request, key, run)
    if (run === undefined || result === undefined) return result
    const visit = visitOf(run.session)
    if (run.hasFailed) {
      // What comes after the answer is to throw, as it does after any other.
      if (visit.depth === 0) visit.copy.seal()
      return result
    }
    const response = result instanceof Response ? result : Response.json(result)
    // Inside another of this layer, that one commits.
    return visit.depth > 0 ? response : commit(visit.settings, visit, response)
  }

  const fail: Hooks['catch'] = async (error, request, ...rest) => {
    const [run] = runsOf(request, key)
    if (run === undefined) return answerFor(error, request, ...rest)
    // What a `finally` has thrown is the last that the router does.
    if (run.isFinishing) leave(request, key, run)
    run.hasFailed = true
    const visit = visitOf(run.session)
    visit.copy.discard()
    try {
      return await answerError(visit.settings, visit, error)
    } catch (fault) {
      return await orLeave(request, run, () => answerFor(fault as StatusError, request, ...rest))
    }
  }

  /** Does it; when it throws, that is the last that the router does. */
  const orLeave = async (request: Request, run: Run, answer: () => unknown): Promise<unknown> => {
    try {
      return await answer()
    } catch (error) {
      leave(request, key, run)
      throw error
    }
  }

  return {
    ...others,
    before: [open, ...before],
    catch: fail,
    finally: [begin, ...after, close],
  }
}

/**
 * A guard as a middleware, behind `sessionHooks`: `router.all('/account/*', guardMiddleware(requireUser()))`. Whom it lets
 * in goes on to the next handler. Throws `ERR_OPTION` where there is no session.
 */
export function guardMiddleware(
  guard: CsrfGuard,
): (request: IRequest) => Promise<Response | undefined> {
  return async (request) => refusalOf(guard, request, request['session'])
}

/** One way of a request through a router. */
interface Run {
  readonly session: Session<object, object>
  /** What was `request.session` before. */
  readonly outer: unknown
  isFinishing: boolean
  hasFailed: boolean
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

function leave(request: Request, key: symbol, run: Run | undefined): void {
  const runs = runsOf(request, key)
  if (run === undefined || !runs.includes(run)) return
  carrierOf(request)[key] = runs.filter((other) => other !== run)
  visitOf(run.session).depth -= 1
  hide(request, run.session, run.outer)
}
