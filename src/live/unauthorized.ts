import { problem } from '../request/problem.ts'

/** Returns the response to a request without a session, or with a dead token. */
export function unauthorized(): Response {
  return problem(401, 'Unauthorized', 'ERR_SIGN_IN', 'There is no session.')
}
