/**
 * True if a request comes from a page of another origin, `undefined` if the client does not say. As in Go's
 * `http.CrossOriginProtection`, `Sec-Fetch-Site` (W3C: Fetch Metadata) decides, or else `Origin` (RFC 6454).
 */
export function isForeign(
  request: Request,
  trustedOrigins: readonly string[],
): boolean | undefined {
  const origin = request.headers.get('origin')
  if (origin !== null && trustedOrigins.includes(origin)) return false
  const site = request.headers.get('sec-fetch-site')
  // `none`: the visitor's own action, such as opening a bookmark.
  if (site !== null) return site !== 'same-origin' && site !== 'none'
  return origin === null ? undefined : origin !== originOf(request.url)
}

/** Returns the origin of an address, or `undefined` if it has none. */
export function originOf(url: string): string | undefined {
  return URL.canParse(url) ? new URL(url).origin : undefined
}
