import type { RequestContext, Sessions } from '../request/create-sessions.ts'
import { caughtByStatus } from './caught-by-status.ts'
import { runCaught } from './caught.ts'

export interface SessionFetchOptions {
  /** Returns false for requests that do not count as use, such as polls: they do not extend the idle timeout. */
  readonly touch?: (request: Request) => boolean
}

/**
 * Returns a Worker's `fetch` that wraps TanStack Start's: `export default { fetch: sessionFetch(sessions,
 * handler.fetch) }` in `src/server.ts`. Inside it, `sessions.open(request, env)` in a request middleware returns the
 * same session for each server function, server route and loader. It is committed after them, with its cookie on the
 * response.
 *
 * A thrown redirect or `notFound()` is a normal response. If the status is 500 or more, recorded changes are dropped,
 * since Start has caught an error. A late write becomes 409. In a server route, an uncaught `ERR_TOO_LARGE` becomes
 * 413, and a store failure is answered according to `onStoreFailure`.
 */
export function sessionFetch<
  Data extends object,
  Env,
  Flash extends object,
  Methods extends object,
>(
  sessions: Sessions<Data, Env, Flash, Methods>,
  fetch: (request: Request) => Response | Promise<Response>,
  { touch }: SessionFetchOptions = {},
): (request: Request, env: Env, ctx?: Pick<RequestContext, 'waitUntil'>) => Promise<Response> {
  return (request, env, ctx) =>
    runCaught(
      sessions,
      { request, env, ctx, touch: touch?.(request) },
      () => fetch(request),
      caughtByStatus,
    )
}
