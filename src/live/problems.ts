import type { Problem } from '../request/problem.ts'

/** There is no session, or its token is dead. */
export const SIGNED_OUT: Problem = {
  title: 'Unauthorized',
  status: 401,
  code: 'ERR_SIGN_IN',
  detail: 'There is no session.',
}

export const NO_UPGRADE: Problem = {
  title: 'Upgrade Required',
  status: 426,
  code: 'ERR_UPGRADE',
  detail: 'Open a WebSocket.',
}

export const TOO_MANY: Problem = {
  title: 'Too Many Requests',
  status: 429,
  code: 'ERR_TOO_MANY',
  detail: 'The session has too many connections.',
}
