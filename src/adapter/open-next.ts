import { SessionError } from '../errors.ts'
import type { HasSession, RequestContext, SessionOf, Sessions } from '../request/create-sessions.ts'
import { caughtByStatus } from './caught-by-status.ts'
import { runCaught } from './caught.ts'

export interface SessionFetchOptions {
  /** Returns false for requests that do not count as use, such as polls: they do not extend the idle timeout. */
  readonly touch?: (request: Request) => boolean
}

/** The same symbol in the Worker's bundle and in Next's. */
const KEY = Symbol.for('edge-session.open-next')

interface Carrier {
  [KEY]?: object
}

/**
 * Returns a Worker's `fetch` that wraps OpenNext's: `export default { fetch: sessionFetch(sessions, next.fetch) }`, in
 * your own file, which also exports the Durable Object classes. Pages and route handlers get the session from
 * `sessionFrom`. It is committed after them, with its cookie on the response.
 *
 * A redirect or `notFound()` is a normal response. If the status is 500 or more, recorded changes are dropped, since
 * Next has caught an error. A late write becomes 409.
 */
export function sessionFetch<
  Data extends object,
  Env,
  Flash extends object,
  Methods extends object,
  Context extends Pick<RequestContext, 'waitUntil'>,
>(
  sessions: Sessions<Data, Env, Flash, Methods>,
  fetch: (request: Request, env: Env, ctx: Context) => Response | Promise<Response>,
  { touch }: SessionFetchOptions = {},
): (request: Request, env: Env, ctx: Context) => Promise<Response> {
  return (request, env, ctx) =>
    runCaught(
      sessions,
      { request, env, ctx, touch: touch?.(request) },
      (session: HasSession<Data, Flash, Methods>['session']) => {
        ;(ctx as Carrier)[KEY] = session
        return fetch(request, env, ctx)
      },
      caughtByStatus,
    )
}

/**
 * Returns the request's session: `sessionFrom<typeof sessions>(getCloudflareContext().ctx)` in a page, a route handler
 * or a server action. Throws `ERR_OPTION` without `sessionFetch`, as in `next dev`. In a page, await Next's `headers()`
 * first, and take no session if they are empty: otherwise Next may keep the page, and show it to other visitors.
 */
export function sessionFrom<S>(ctx: object): SessionOf<S> {
  const { [KEY]: session } = ctx as Carrier
  // Written by `sessionFetch` only.
  if (session !== undefined) return session as SessionOf<S>
  throw new SessionError(
    'ERR_OPTION',
    'This context has no session. Export sessionFetch(sessions, next.fetch) as the fetch of the Worker.',
  )
}
