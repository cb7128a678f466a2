import type { LoaderFunctionArgs, RouterContext } from 'react-router'

import type { AccountMethods } from '../accounts.ts'
import type { BoundMethods } from '../bound.ts'
import { SessionError } from '../errors.ts'
import type { CsrfGuard } from '../guard/csrf.ts'
import type { BoundGuard } from '../guard/require-bound.ts'
import type { UserGuard } from '../guard/require-user.ts'
import type { HasSession, RequestContext, Sessions } from '../request/create-sessions.ts'
import {
  fail,
  isResponse,
  lateError,
  requestSessionOf,
  responseOf as nativeOf,
  send,
  settle,
} from '../request/lifecycle.ts'
import { withHeadersOf } from '../request/problem.ts'
import { type Guard, refusalOf } from './refusal.ts'

/** The arguments that React Router passes to a middleware, a loader and an action. */
type Arguments = LoaderFunctionArgs

/** A React Router middleware, for `route.middleware` and for a route module's `middleware`. */
export type SessionMiddleware = (args: Arguments, next: () => Promise<unknown>) => Promise<Response>

export interface SessionMiddlewareOptions<Own, Env, Shown = Own> {
  /**
   * The context that holds the session for loaders and actions: React Router's `createContext<Session<Data>>()`, or
   * with `accounts()` `createContext<Session<Data> & AccountMethods>()`.
   */
  readonly context: RouterContext<Shown> & (Own extends Shown ? unknown : never)
  /** Returns the Worker's `env`, from the load context or from `cloudflare:workers`. */
  readonly env: (args: Arguments) => Env
  /** Returns false for requests that do not count as use, such as polls: they do not extend the idle timeout. */
  readonly touch?: (args: Arguments) => boolean
  /** Returns the Worker's `ctx`, for work that continues after the response. */
  readonly ctx?: (args: Arguments) => Pick<RequestContext, 'waitUntil'>
}

/**
 * Returns the middleware that adds a session to React Router's loaders and actions: `export const middleware =
 * sessionMiddleware(sessions, …)` in the root route, and `context.get(sessionContext)` in each of its routes. It is a
 * list of two functions that belong together.
 *
 * The session is committed after the loaders, with its cookie on the response. A thrown redirect or 404 is a normal
 * response. If the status is 500 or more, recorded changes are dropped, since React Router has caught an error. For the
 * nearest `ErrorBoundary`, a late write is thrown as a Response with status 409, one that is too large with 413, and a
 * store failure with 503.
 */
export function sessionMiddleware<
  Data extends object,
  Env,
  Flash extends object,
  Methods extends object,
  Shown extends object,
>(
  sessions: Sessions<Data, Env, Flash, Methods>,
  options: SessionMiddlewareOptions<HasSession<Data, Flash, Methods>['session'], Env, Shown>,
): [SessionMiddleware, SessionMiddleware] {
  const { env, ctx, touch } = options
  const context: RouterContext<object> = options.context
  /** The Response thrown to the boundary. Its headers go on the boundary's page. */
  const thrown = new WeakMap<OwnSession, Response>()

  const around: SessionMiddleware = async (args, next) => {
    const opened = await sessions.open(args.request, env(args), ctx?.(args))
    args.context.set(context, opened)
    const session = requestSessionOf(opened)
    session.hasErrorPages = true
    if (touch?.(args) === false) session.poll()
    session.depth += 1
    try {
      const response = responseOf(await next())
      const answer = thrown.get(session)
      return answer === undefined ? response : withHeaders(response, answer)
    } finally {
      session.depth -= 1
      if (session.depth === 0) session.close()
    }
  }

  const within: SessionMiddleware = async (args, next) => {
    const response = responseOf(await next())
    const session = requestSessionOf(args.context.get(context))
    // Inside another run of this middleware, the outer one commits.
    if (session.depth > 1) return response
    const answer = await insteadOf(response, session)
    if (answer === undefined) return send(session, response)
    // A response of `onStoreFailure` that is not an error is sent unchanged.
    if (answer.status < 400) return answer
    thrown.set(session, answer)
    // React Router expects a thrown Response for its boundaries.
    // oxlint-disable-next-line typescript/only-throw-error
    throw answer.clone()
  }

  return [around, within]
}

type OwnSession = ReturnType<typeof requestSessionOf>

/**
 * Returns a guard as a middleware, to use after `sessionMiddleware`: `middleware: [guardMiddleware(requireUser(…), {
 * context })]`. Its redirect to the sign-in page has the path of the page, not that of React Router's data request. Its
 * refusal is thrown, for the nearest `ErrorBoundary`.
 */
export function guardMiddleware<S extends AccountMethods>(
  guard: UserGuard,
  options: { readonly context: RouterContext<S> },
): SessionMiddleware
export function guardMiddleware<S extends BoundMethods>(
  guard: BoundGuard,
  options: { readonly context: RouterContext<S> },
): SessionMiddleware
export function guardMiddleware<S extends object>(
  guard: CsrfGuard,
  options: { readonly context: RouterContext<S> },
): SessionMiddleware
export function guardMiddleware<S extends object>(
  guard: Guard,
  { context }: { readonly context: RouterContext<S> },
): SessionMiddleware {
  return async (args, next) => {
    const refusal = await refusalOf(guard, pageRequest(args), args.context.get(context))
    // React Router expects a thrown Response for a boundary and for a redirect.
    // oxlint-disable-next-line typescript/only-throw-error
    if (refusal !== undefined) throw refusal
    return responseOf(await next())
  }
}

/** Returns the request as a browser would send it for the whole page. */
function pageRequest({ request, url }: Arguments): Request {
  const isRead = request.method === 'GET' || request.method === 'HEAD'
  if (!isRead) return request
  const page = new Request(url, request)
  // A client-side navigation requests the data of the next page.
  if (url.pathname !== new URL(request.url).pathname) page.headers.set('Accept', 'text/html')
  return page
}

function responseOf(result: unknown): Response {
  if (isResponse(result)) return nativeOf(result)
  throw new SessionError(
    'ERR_OPTION',
    'next() returned no Response. Use this as a route’s middleware, which runs on the server, not as its clientMiddleware.',
  )
}

/** The headers of our response for the browser and for caches. */
const HEADERS = ['Cache-Control', 'Clear-Site-Data', 'Retry-After']

function withHeaders(response: Response, answer: Response): Response {
  const result = withHeadersOf(answer, response)
  const { headers } = answer
  for (const name of HEADERS) {
    const value = headers.get(name)
    if (value !== null) result.headers.set(name, value)
  }
  // A route without a page sends the thrown Response itself.
  const cookies = new Set(result.headers.getSetCookie())
  for (const value of headers.getSetCookie()) {
    if (!cookies.has(value)) result.headers.append('Set-Cookie', value)
  }
  return result
}

/** Writes recorded changes, unless there was an error. Returns the response to send instead, if any. */
async function insteadOf(response: Response, session: OwnSession): Promise<Response | undefined> {
  if (response.status < 500) return settle(session, response)
  session.dictionary.discard()
  // The late write is the reason that a loader or an action failed.
  const late = lateError(session)
  return late === undefined ? settle(session, response) : fail(session, late, { response })
}
