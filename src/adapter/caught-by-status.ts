import { lateError, type requestSessionOf } from '../request/lifecycle.ts'
import type { Caught } from './caught.ts'

/** For a framework that does not report a caught error, but only the status of its response. */
export function caughtByStatus(
  { status }: Response,
  session: ReturnType<typeof requestSessionOf>,
): Caught | undefined {
  return status < 500 ? undefined : { error: lateError(session) }
}
