import type { CsrfGuard } from '../guard/csrf.ts'
import type { HasSession } from '../request/create-sessions.ts'

/** A request as one that may carry a session. */
interface Carrier extends Request {
  session?: unknown
}

/** What a guard answers to a request that it does not let in, and `undefined` for one that it does. */
export async function refusalOf(
  guard: CsrfGuard,
  request: Carrier,
  session: unknown,
): Promise<Response | undefined> {
  let isLetIn = false
  const guarded = guard<Request, object, object, undefined, undefined, void>(() => {
    isLetIn = true
  })
  const { session: shown } = request
  // A guard looks at `request.session`, where another layer's may be, or none; then it says so itself.
  request.session = session
  try {
    const refusal = await guarded(
      request as Request & HasSession<object, object>,
      undefined,
      undefined,
    )
    return !isLetIn && refusal instanceof Response ? refusal : undefined
  } finally {
    request.session = shown
  }
}
