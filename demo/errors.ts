import { StatusError } from 'itty-router'

import { SessionError, type SessionErrorCode } from '../src/index.ts'
import { prefersHtml } from './input.ts'
import { messagePage } from './page/frame.ts'

/** What each of the library's refusals means over HTTP. */
const STATUSES: Readonly<Record<SessionErrorCode, number>> = {
  ERR_OPTION: 500,
  ERR_SECRET: 500,
  ERR_BINDING: 500,
  ERR_KEY: 400,
  ERR_VALUE: 400,
  ERR_TOO_LARGE: 413,
  ERR_NOT_ATOMIC: 501,
  ERR_CONFLICT: 503,
  ERR_SESSION_ENDED: 409,
  ERR_NOT_LOADED: 500,
  ERR_SESSION_LIMIT: 403,
  ERR_RESPONSE_SENT: 500,
  ERR_SPECULATIVE: 503,
  ERR_STORE: 503,
}

interface Failure {
  readonly status: number
  readonly code?: SessionErrorCode
  readonly message: string
}

/** The response to what a route threw. Messages go out only where they were written for it, and never a stack. */
export function errorResponse(error: unknown, request: Request): Response {
  const failure = failureOf(error)
  if (prefersHtml(request)) return messagePage(failure.status, failure.message)
  return Response.json(failure, { status: failure.status })
}

/** What the library answered itself, such as 409 for a late write, as a page for who wants one; its cookies stay. */
export async function problemPage(
  response: Response,
  request: Request,
): Promise<Response | undefined> {
  const isProblem = response.headers.get('Content-Type') === 'application/problem+json'
  if (!isProblem || !prefersHtml(request)) return undefined
  const { detail } = await response.json<{ readonly detail: string }>()
  const page = messagePage(response.status, detail)
  for (const cookie of response.headers.getSetCookie()) page.headers.append('Set-Cookie', cookie)
  return page
}

function failureOf(error: unknown): Failure {
  if (error instanceof SessionError) {
    return { status: STATUSES[error.code], code: error.code, message: error.message }
  }
  if (error instanceof StatusError) return { status: error.status, message: error.message }
  // The one way into a Worker's log.
  // oxlint-disable-next-line no-console
  console.error(error)
  return { status: 500, message: 'Something went wrong here.' }
}
