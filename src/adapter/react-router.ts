import type { LoaderFunctionArgs, RouterContext } from 'react-router'

import { SessionError } from '../errors.ts'
import type { CsrfGuard } from '../guard/csrf.ts'
import { answerError, settle, withCookie } from '../request/commit.ts'
import type { RequestContext, Sessions } from '../request/create-sessions.ts'
import { endedError } from '../request/store-reply.ts'
import type { Visit } from '../request/visit.ts'
import { visitOf } from '../request/with-session.ts'
import type { Session } from '../session/session.ts'
import { refusalOf } from './refusal.ts'

/** What React Router calls a middleware, a loader and an action with. */
type Arguments = LoaderFunctionArgs

/** A middleware of React Router, for `route.middleware` and for a route module's `middleware`. */
export type SessionMiddleware = (args: Arguments, next: () => Promise<unknown>) => Promise<Response>

export interface SessionMiddlewareOptions<Data extends object, Env, Flash extends object> {
  /** Where loaders and actions find the session: `createContext<Session<Data>>()` of React Router. */
  readonly context: RouterContext<Session<Data, Flash>>
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
export function sessionMiddleware<Data extends object, Env, Flash extends object>(
  sessions: Sessions<Data, Env, Flash>,
  { context, env, ctx }: SessionMiddlewareOptions<Data, Env, Flash>,
): [SessionMiddleware, SessionMiddleware] {
  /** What was thrown to the boundary, whose page is to say to the browser what this says. */
  const thrown = new WeakMap<Visit, Response>()

  const around: SessionMiddleware = async (args, next) => {
    const session = await sessions.open(args.request, env(args), ctx?.(args))
    args.context.set(context, session)
    const visit = visitOf(session)
    visit.depth += 1
    try {
      const response = responseOf(await next())
      const answer = thrown.get(visit)
      return answer === undefined ? response : withHeaders(response, answer.headers)
    } finally {
      visit.depth -= 1
    }
  }

  const within: SessionMiddleware = async (args, next) => {
    const response = responseOf(await next())
    const visit = visitOf(args.context.get(context))
    // Inside another of this layer, that one commits.
    if (visit.depth > 1) return response
    const answer = await finish(visit, response)
    if (answer === undefined) return withCookie(visit.settings, visit, response)
    // What is no error, by the application's own `onStoreFailure`, is the answer itself.
    if (answer.status < 400) return answer
    thrown.set(visit, answer)
    // React Router's own way to its boundaries.
    // oxlint-disable-next-line typescript/only-throw-error
    throw answer.clone()
  }

  return [around, within]
}

/**
 * A guard as a middleware, behind `sessionMiddleware`: `middleware: [guardMiddleware(requireUser(…), { context })]`. Its
 * redirect to the sign-in names the page's path, and not that of the data which React Router fetches for it; its refusal
 * is thrown, for the nearest `ErrorBoundary`.
 */
export function guardMiddleware<Data extends object, Flash extends object>(
  guard: CsrfGuard,
  { context }: { readonly context: RouterContext<Session<Data, Flash>> },
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

/** Writes what is recorded, unless there was an error; gives what to answer instead. */
async function finish(visit: Visit, response: Response): Promise<Response | undefined> {
  const { settings, copy } = visit
  if (response.status < 500) return settle(settings, visit)
  copy.discard()
  // A loader or an action was refused because of it.
  if (visit.isOver) return answerError(settings, visit, endedError())
  return settle(settings, visit)
}
