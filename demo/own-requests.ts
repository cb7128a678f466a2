import { csrfGuard, type CsrfGuard } from '../src/guard/csrf.ts'

/**
 * `csrfGuard` for routes that can also be tried with curl and only a cookie. It checks requests that say where they
 * come from, as all browsers do, and accepts others. If something is at stake, use `csrfGuard` itself.
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
