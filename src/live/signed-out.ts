import { type Problem, problemOf } from '../request/problem.ts'

/** There is no session, or its token is no longer valid. */
export const SIGNED_OUT: Problem = problemOf(401, 'ERR_SIGN_IN', 'There is no session.')
