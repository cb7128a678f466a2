import { csrfGuard, type CsrfGuard } from '../src/guard/csrf.ts'

/**
 * `csrfGuard` for routes that can also be tried by curl with a cookie alone: requests that say where they come from, as
 * every browser's do, are held to it; others pass. Where something is at stake, use `csrfGuard` as it is.
 */
export function ownRequests(): CsrfGuard {
  const guard = csrfGuard()
  return (handler) => {
    const guarded = guard(handler)
    return async (request, env, ctx) => {
      const { headers } = request
      const saysWhence = headers.has('Sec-Fetch-Site') || headers.has('Origin')
      return saysWhence ? guarded(request, env, ctx) : handler(request, env, ctx)
    }
  }
}
