import type { LoaderFunctionArgs, RouterContext } from 'react-router'

import { SessionError } from '../errors.ts'
import type { HasSession, RequestContext, Sessions } from '../request/create-sessions.ts'
import { fail, lateError, requestSessionOf, send, settle } from '../request/lifecycle.ts'
import { type Guard, refusalOf } from './refusal.ts'

/** What React Router calls a middleware, a loader and an action with. */
type Arguments = LoaderFunctionArgs

/** A middleware of React Router, for `route.middleware` and for a route module's `middleware`. */
export type SessionMiddleware = (args: Arguments, next: () => Promise<unknown>) => Promise<Response>

export interface SessionMiddlewareOptions<Own, Env, Shown = Own> {
  /**
   * Where loaders and actions find the session: `createContext<Session<Data>>()` of React Router, or with `accounts()` in
   * use `createContext<Session<Data> & AccountMethods>()`.
   */
  readonly context: RouterContext<Shown> & (Own extends Shown ? unknown : never)
  /** The Worker's `env`: out of the load context, or that of `cloudflare:workers`. */
  readonly env: (args: Arguments) => Env
  /** The Worker's `ctx`, if something is to be done after the response. */
  readonly ctx?: (args: Arguments) => Pick<RequestContext, 'waitUntil'>
}

/**
 * A session for React Router's loaders and actions: `export const middleware = sessionMiddleware(sessions, …)` in the root
 * route, and `context.get(sessionContext)` in each of its routes. It is a list of two, to stand there together.
 *
 * After the loaders the session is committed, with its cookie on the response: with a redirect or a 404 that was thrown,
 * too, as these are answers. With a status of 500 and more it drops what was recorded, since that is what React Router
 * makes of an error. A write that comes too late is thrown as a Response with 409, and a failed store's as one with 503,
 * for the nearest `ErrorBoundary`.
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
  const { env, ctx } = options
  const context: RouterContext<object> = options.context
  /** What was thrown to the boundary, whose page is to say to the browser what this says. */
  const thrown = new WeakMap<OwnSession, Response>()

  const around: SessionMiddleware = async (args, next) => {
    const opened = await sessions.open(args.request, env(args), ctx?.(args))
    args.context.set(context, opened)
    const session = requestSessionOf(opened)
    session.depth += 1
    try {
      const response = responseOf(await next())
      const answer = thrown.get(session)
      return answer === undefined ? response : withHeaders(response, answer.headers)
    } finally {
      session.depth -= 1
      if (session.depth === 0) session.close()
    }
  }

  const within: SessionMiddleware = async (args, next) => {
    const response = responseOf(await next())
    const session = requestSessionOf(args.context.get(context))
    // Inside another of this layer, that one commits.
    if (session.depth > 1) return response
    const answer = await insteadOf(response, session)
    if (answer === undefined) return send(session, response)
    // What is no error, by the application's own `onStoreFailure`, is the answer itself.
    if (answer.status < 400) return answer
    thrown.set(session, answer)
    // React Router's own way to its boundaries.
    // oxlint-disable-next-line typescript/only-throw-error
    throw answer.clone()
  }

  return [around, within]
}

type OwnSession = ReturnType<typeof requestSessionOf>

/**
 * A guard as a middleware, behind `sessionMiddleware`: `middleware: [guardMiddleware(requireUser(…), { context })]`. Its
 * redirect to the sign-in names the page's path, and not that of the data which React Router fetches for it; its refusal
 * is thrown, for the nearest `ErrorBoundary`.
 */
export function guardMiddleware<S extends object>(
  guard: Guard,
  { context }: { readonly context: RouterContext<S> },
): SessionMiddleware {
  return async (args, next) => {
    const refusal = await refusalOf(guard, pageRequest(args), args.context.get(context))
    // React Router's own way to its boundaries, and to a redirect.
    // oxlint-disable-next-line typescript/only-throw-error
    if (refusal !== undefined) throw refusal
    return responseOf(await next())
  }
}

/** The request as a browser would have sent it for the whole page. */
function pageRequest({ request, url }: Arguments): Request {
  const isRead = request.method === 'GET' || request.method === 'HEAD'
  if (!isRead) return request
  const page = new Request(url, request)
  // A navigation within the page asks for the data of the next one.
  if (url.pathname !== new URL(request.url).pathname) page.headers.set('Accept', 'text/html')
  return page
}

function responseOf(result: unknown): Response {
  if (result instanceof Response) return result
  throw new SessionError(
    'ERR_OPTION',
    'The middleware is for the server: next() gave no Response. Use it as a route’s middleware, not as its clientMiddleware.',
  )
}

/** What an answer of ours says to the browser and to caches. */
const HEADERS = ['Cache-Control', 'Clear-Site-Data', 'Retry-After', 'Vary']

function withHeaders(response: Response, headers: Headers): Response {
  const result = new Response(response.body, response)
  for (const name of HEADERS) {
    const value = headers.get(name)
    if (value !== null) result.headers.set(name, value)
  }
  for (const value of headers.getSetCookie()) result.headers.append('Set-Cookie', value)
  return result
}

/** Writes what is recorded, unless there was an error; returns what to answer instead. */
async function insteadOf(response: Response, session: OwnSession): Promise<Response | undefined> {
  if (response.status < 500) return settle(session, response)
  session.dictionary.discard()
  // A loader or an action was refused because of it.
  const late = lateError(session)
  return late === undefined ? settle(session, response) : fail(session, late, response)
}
