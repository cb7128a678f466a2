import { StatusError } from 'itty-router'

import { SessionError, type SessionErrorCode } from '../src/index.ts'
import { prefersHtml } from './input.ts'
import { messagePage } from './page/frame.ts'

/** The statuses of errors that the visitor causes, since keys and values are the visitor's input here. */
const STATUSES: Partial<Record<SessionErrorCode, number>> = {
  ERR_KEY: 400,
  ERR_VALUE: 400,
  ERR_NOT_ATOMIC: 501,
}

interface Failure {
  readonly status: number
  readonly code?: SessionErrorCode
  readonly message: string
}

/**
 * Returns the response to an error of a route. It never includes a stack, and a message only if it was written for the
 * visitor.
 */
export function errorResponse(error: unknown, request: Request): Response {
  const failure = failureOf(error)
  if (prefersHtml(request)) return messagePage(failure.status, failure.message)
  return Response.json(failure, { status: failure.status })
}

/**
 * Turns the library's own response, such as 409 for a late write, into a page for clients that want one. Keeps its
 * cookies.
 */
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
    const { status, code, message } = error
    return { status: STATUSES[code] ?? status, code, message }
  }
  if (error instanceof StatusError) return { status: error.status, message: error.message }
  // The only way to write to a Worker's log.
  // oxlint-disable-next-line no-console
  console.error(error)
  return { status: 500, message: 'Something went wrong here.' }
}
