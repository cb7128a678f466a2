import type { CsrfGuard } from '../guard/csrf.ts'
import type { UserGuard } from '../guard/require-user.ts'

/** A guard, of whatever session. */
export type Guard = CsrfGuard | UserGuard

/** A request as one that may carry a session. */
interface Carrier extends Request {
  session?: unknown
}

/** Returns what a guard answers to a request that it does not let in, and `undefined` for one that it does. */
export async function refusalOf(
  guard: Guard,
  request: Carrier,
  session: unknown,
): Promise<Response | undefined> {
  let isLetIn = false
  // What it needs of the session it looks for itself.
  const guarded = (guard as CsrfGuard)<Request, object, undefined, undefined, void>(() => {
    isLetIn = true
  })
  const { session: shown } = request
  // A guard looks at `request.session`, where another layer's may be, or none; then it says so itself.
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
