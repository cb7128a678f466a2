/**
 * True if a request asks for a WebSocket: a GET with `Upgrade: websocket` (RFC 6455 section 4.1), whatever other
 * protocols it offers. The other headers also tell one whose `Upgrade` did not come through, as from HTTP/2 (RFC 8441).
 */
export function isHandshake({ headers }: Request): boolean {
  return (
    /(?:^|,)\s*websocket\s*(?:[/,]|$)/i.test(headers.get('upgrade') ?? '') ||
    headers.has('sec-websocket-key') ||
    headers.has('sec-websocket-version') ||
    headers.get('sec-fetch-mode') === 'websocket'
  )
}

/** The detail of the problem for a request of another site's page. */
export const FOREIGN = 'Another site has sent this request.'

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
  // `none`: the visitor's own action, such as opening a bookmark. No such action opens a WebSocket.
  const isDecided = site !== null && !(site === 'none' && isHandshake(request))
  if (isDecided) return site !== 'same-origin' && site !== 'none'
  return origin === null ? undefined : !isOwn(origin, request)
}

/**
 * True if a page of this origin calls its own server. No page can choose `Host`, which still has the browser's address
 * if another Worker has replaced that of the request.
 */
function isOwn(origin: string, { url, headers }: Request): boolean {
  const host = headers.get('host')
  const own = originOf(url)
  if (origin === own || host === null || own === undefined) return origin === own
  return origin === originOf(`${new URL(url).protocol}//${host}`)
}

/** Returns the origin of an address, or `undefined` if it has none. */
export function originOf(url: string): string | undefined {
  return URL.canParse(url) ? new URL(url).origin : undefined
}

/**
 * True if this is a page's origin as a browser sends it. An app's own scheme (`capacitor://localhost`) counts; the URL
 * Standard gives it no origin.
 */
export function isOrigin(text: string): boolean {
  if (/^https?:/.test(text)) return originOf(text) === text
  return /^(?!(?:wss?|ftp|file):)[a-z][a-z\d+.-]*:\/\/[\w.-]+(?::\d+)?$/.test(text)
}
