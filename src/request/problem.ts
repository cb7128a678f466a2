/** A response that says what went wrong, for people and programs (RFC 9457). It must not be cached. */
export function problem(
  status: number,
  title: string,
  code: string,
  detail: string,
  headers: Readonly<Record<string, string>> = {},
): Response {
  return Response.json(
    { title, status, code, detail },
    {
      status,
      headers: {
        'Content-Type': 'application/problem+json',
        'Cache-Control': 'private, no-store',
        ...headers,
      },
    },
  )
}

/** The response to a request whose session was over before its changes were written (RFC 9110 section 15.5.10). */
export function lateWriteResponse(): Response {
  return problem(
    409,
    'Conflict',
    'ERR_SESSION_ENDED',
    'The session ended while this request was using it. Nothing was saved. Try again.',
  )
}

/** The response to a request whose session can't be reached (RFC 9110 sections 15.6.4 and 10.2.3). */
export function unavailableResponse(): Response {
  return problem(
    503,
    'Service Unavailable',
    'ERR_STORE',
    'The session cannot be reached at the moment. Try again.',
    { 'Retry-After': RETRY_AFTER_SECONDS },
  )
}

/** The runtime has already tried for some time; a page reloaded by hand comes about as late. */
const RETRY_AFTER_SECONDS = '5'

/** Headers that an application's middleware makes for every response, and that ours has to have as well. */
const KEPT =
  /^(access-control-|cross-origin-|content-security-policy|strict-transport-security$|x-frame-options$|x-content-type-options$|referrer-policy$|permissions-policy$|timing-allow-origin$|vary$)/i

/** Adds to a response of ours the headers for browsers of the one that it replaces, as far as it has none of its own. */
export function withHeadersOf(replaced: Response, response: Response): Response {
  // An application may have made it, or got it from elsewhere: its headers may be immutable.
  const result = new Response(response.body, response)
  for (const [name, value] of replaced.headers) {
    if (KEPT.test(name) && !result.headers.has(name)) result.headers.set(name, value)
  }
  return result
}
