import type { CsrfGuard } from '../guard/csrf.ts'
import type { BoundGuard } from '../guard/require-bound.ts'
import type { UserGuard } from '../guard/require-user.ts'

/** Any guard. */
export type Guard = BoundGuard | CsrfGuard | UserGuard

/** A request that may carry a session. */
interface Carrier extends Request {
  session?: unknown
}

/** Returns a guard's response to a refused request, or `undefined` if the guard accepts the request. */
export async function refusalOf(
  guard: Guard,
  request: Carrier,
  session: unknown,
): Promise<Response | undefined> {
  let isLetIn = false
  // The guard checks the session's type itself.
  const guarded = (guard as CsrfGuard)<Request, object, undefined, undefined, void>(() => {
    isLetIn = true
  })
  const { session: shown } = request
  // A guard reads `request.session`, which may be missing or belong to another layer. The guard throws if it is
  // missing.
  request.session = session
  try {
    const refusal = await guarded(
      request as Request & { readonly session: object },
      undefined,
      undefined,
    )
    return !isLetIn && refusal instanceof Response ? refusal : undefined
  } finally {
    request.session = shown
  }
}
