import { acceptsHtml } from '../codec/accepts-html.ts'
import type { SessionEvent } from './event.ts'
import type { RequestLike } from './request-like.ts'
import { isResponse, responseOf } from './result.ts'

/** The description of a refused request (RFC 9457). */
export interface Problem {
  readonly status: number
  /** The reason phrase of the status, such as `Conflict`. */
  readonly title: string
  /** The code of a `SessionError`, or `ERR_SIGN_IN`, `ERR_CSRF` or `ERR_CROSS_ORIGIN` of a guard. */
  readonly code: string
  /** What is wrong and what to do, in English. */
  readonly detail: string
}

/** Returns the response to a refused request. */
export type RefusalHandler = (
  problem: Problem,
  request: RequestLike,
) => Response | Promise<Response>

/** The reason phrases (RFC 9110 section 15). */
const TITLES: Readonly<Record<number, string>> = {
  401: 'Unauthorized',
  403: 'Forbidden',
  409: 'Conflict',
  413: 'Content Too Large',
  503: 'Service Unavailable',
}

export function problemOf(status: number, code: string, detail: string): Problem {
  return { title: TITLES[status] ?? '', status, code, detail }
}

/** The details of the responses to errors, by the error's code. */
export const DETAILS = {
  ERR_SESSION_ENDED:
    'The session ended while this request was using it. Not all changes were saved. Load the page again, and try again.',
  ERR_TOO_LARGE: 'The session would become too large. Not all changes were saved.',
  ERR_STORE: 'The session cannot be reached at the moment. Try again in a few seconds.',
  ERR_SPECULATIVE: 'This page cannot be prefetched. Open it.',
}

/** The session of a refused request. */
interface Refused {
  readonly id: string
  readonly settings: {
    readonly onRefused: RefusalHandler | undefined
    readonly emit: (event: SessionEvent) => void
  }
  /** True if the framework itself shows an error page. */
  readonly hasErrorPages: boolean
}

/** The runtime has already retried for some time. A manual reload takes about as long. */
const RETRY_AFTER_SECONDS = '5'

/**
 * Returns the response to a refused request: that of `onRefused`, or else a page for a navigation and a problem (RFC
 * 9457) for programs. It must not be cached.
 */
export async function refuse(
  session: Refused,
  problem: Problem,
  request: RequestLike,
): Promise<Response> {
  const response =
    (await ownResponse(session, problem, request)) ?? defaultFor(session, problem, request)
  const { headers } = response
  headers.set('Cache-Control', 'private, no-store')
  // A prefetch must not be repeated automatically.
  const mayRetry = problem.status === 503 && problem.code !== 'ERR_SPECULATIVE'
  if (mayRetry && !headers.has('Retry-After')) headers.set('Retry-After', RETRY_AFTER_SECONDS)
  return response
}

/** The responses of `onRefused` whose body was used. */
const sent = new WeakSet<Response>()

/**
 * Returns a copy of `onRefused`'s response, or `undefined` if it throws, returns none, or returns one that it has
 * returned before.
 */
async function ownResponse(
  { settings: { onRefused, emit }, id }: Refused,
  problem: Problem,
  request: RequestLike,
): Promise<Response | undefined> {
  if (onRefused === undefined) return undefined
  try {
    // A copy, since problems are shared, and the default needs its own.
    const made: unknown = await onRefused({ ...problem }, request)
    if (isResponse(made) && !sent.has(made)) {
      // A body can only be sent once, and that of a response being sent looks unused.
      if (made.body !== null) sent.add(made)
      return new Response(made.body, responseOf(made))
    }
  } catch {
    // Reported below.
  }
  emit({ type: 'refusal-failed', id })
  return undefined
}

function defaultFor(
  { hasErrorPages }: Refused,
  problem: Problem,
  { headers }: RequestLike,
): Response {
  // Browsers never list JSON for a page. A script that lists it wants JSON, whatever else it accepts.
  const namesPage = acceptsHtml(headers) && !/json/i.test(headers.get('accept') ?? '')
  const isPage = headers.get('Sec-Fetch-Mode') === 'navigate' || namesPage
  const [body, type] =
    isPage && !hasErrorPages
      ? [pageOf(problem), 'text/html; charset=utf-8']
      : [JSON.stringify(problem), 'application/problem+json']
  return new Response(body, { status: problem.status, headers: { 'Content-Type': type } })
}

/** Returns a page without scripts and styles, so that any Content-Security-Policy allows it. */
function pageOf({ detail }: Problem): string {
  const text = detail.replaceAll(/[&<]/g, (character) => `&#${character.charCodeAt(0)};`)
  const [heading = '', ...rest] = text.split(/(?<=\.) /)
  return `<!doctype html><html lang="en"><meta name="viewport" content="width=device-width"><title>${heading}</title><h1>${heading}</h1><p>${rest.join(' ')}</p>`
}

/** The headers that an application's middleware sets on every response, and that ours must have too. */
const KEPT =
  /^(access-control-|cross-origin-|content-security-policy|x-(content-type-options|dns-prefetch-control|download-options|frame-options|permitted-cross-domain-policies|request-id|xss-protection)$|(nel|origin-agent-cluster|permissions-policy|referrer-policy|report-to|reporting-endpoints|server-timing|strict-transport-security|timing-allow-origin)$)/i

/**
 * Returns our response with the `KEPT` headers of the replaced one, and with the `Vary` of both. Headers that ours
 * already has do not change.
 */
export function withHeadersOf(replaced: Response, response: Response): Response {
  // The application may have made or fetched the response, so its headers may be immutable.
  const result = new Response(response.body, response)
  for (const [name, value] of replaced.headers) {
    if (KEPT.test(name) && !result.headers.has(name)) result.headers.set(name, value)
  }
  const vary = replaced.headers.get('Vary')
  if (vary !== null && vary !== result.headers.get('Vary')) result.headers.append('Vary', vary)
  return result
}
