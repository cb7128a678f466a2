/**
 * Whether a request comes from a page of another origin; `undefined` when the browser does not say, or is none. After
 * Go's `http.CrossOriginProtection`: `Sec-Fetch-Site` (W3C: Fetch Metadata) counts, or else `Origin` (RFC 6454).
 */
export function isForeign(
  request: Request,
  trustedOrigins: readonly string[],
): boolean | undefined {
  const origin = request.headers.get('origin')
  if (origin !== null && trustedOrigins.includes(origin)) return false
  const site = request.headers.get('sec-fetch-site')
  // `none`: the visitor's own doing, such as a bookmark.
  if (site !== null) return site !== 'same-origin' && site !== 'none'
  return origin === null ? undefined : origin !== originOf(request.url)
}

/** The origin of an address; `undefined` when it has none. */
export function originOf(url: string): string | undefined {
  return URL.canParse(url) ? new URL(url).origin : undefined
}
