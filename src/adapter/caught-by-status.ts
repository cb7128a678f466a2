import { lateError, type requestSessionOf } from '../request/lifecycle.ts'
import type { Caught } from './caught.ts'

/** For a framework that does not tell of an error that it has caught, only of the status that it makes of it. */
export function caughtByStatus(
  { status }: Response,
  session: ReturnType<typeof requestSessionOf>,
): Caught | undefined {
  return status < 500 ? undefined : { error: lateError(session) }
}
