/** Returns a response that describes the error, for people and programs (RFC 9457). It must not be cached. */
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

/**
 * Returns the response to a request whose session was over before its changes were written (RFC 9110 section 15.5.10).
 */
export function lateWriteResponse(): Response {
  return problem(
    409,
    'Conflict',
    'ERR_SESSION_ENDED',
    'The session ended while this request was using it. Recorded changes were not saved; operations that were awaited before may have been. Try again.',
  )
}

/**
 * Returns the response to a request that would make its session larger than the store allows (RFC 9110 section
 * 15.5.14).
 */
export function tooLargeResponse(): Response {
  return problem(
    413,
    'Content Too Large',
    'ERR_TOO_LARGE',
    'The session would become too large. Recorded changes were not saved; operations that were awaited before may have been.',
  )
}

/** Returns the response to a request whose session cannot be reached (RFC 9110 sections 15.6.4 and 10.2.3). */
export function unavailableResponse(): Response {
  return problem(
    503,
    'Service Unavailable',
    'ERR_STORE',
    'The session cannot be reached at the moment. Try again.',
    { 'Retry-After': RETRY_AFTER_SECONDS },
  )
}

/** Returns the response to a prefetch that must not be used, so that the browser asks again (RFC 9110 section 15.6.4). */
export function speculativeResponse(): Response {
  return problem(
    503,
    'Service Unavailable',
    'ERR_SPECULATIVE',
    'This page cannot be prefetched. Open it.',
  )
}

/** The runtime has already retried for some time. A manual reload takes about as long. */
const RETRY_AFTER_SECONDS = '5'

/** The headers that the middleware of an application sets on every response, and that ours must have too. */
const KEPT =
  /^(access-control-|cross-origin-|content-security-policy|x-(content-type-options|dns-prefetch-control|download-options|frame-options|permitted-cross-domain-policies|request-id|xss-protection)$|(nel|origin-agent-cluster|permissions-policy|referrer-policy|report-to|reporting-endpoints|server-timing|strict-transport-security|timing-allow-origin)$)/i

/**
 * Returns our response with the `KEPT` headers of the replaced one, and with what both vary by. Headers that ours
 * already has do not change.
 */
export function withHeadersOf(replaced: Response, response: Response): Response {
  // The application may have made the response or fetched it: its headers may be immutable.
  const result = new Response(response.body, response)
  for (const [name, value] of replaced.headers) {
    if (KEPT.test(name) && !result.headers.has(name)) result.headers.set(name, value)
  }
  const vary = replaced.headers.get('Vary')
  if (vary !== null && vary !== result.headers.get('Vary')) result.headers.append('Vary', vary)
  return result
}
