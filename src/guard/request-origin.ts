/**
 * True for a WebSocket request: a GET with `Upgrade: websocket` (RFC 6455 section 4.1), even if it offers other
 * protocols. The other headers identify one whose `Upgrade` was lost, as over HTTP/2 (RFC 8441).
 */
export function isHandshake({ headers }: Request): boolean {
  return (
    /(?:^|,)\s*websocket\s*(?:[/,]|$)/i.test(headers.get('upgrade') ?? '') ||
    headers.has('sec-websocket-key') ||
    headers.has('sec-websocket-version') ||
    headers.get('sec-fetch-mode') === 'websocket'
  )
}

/** The detail of the problem for a request from another site's page. */
export const FOREIGN = 'Another site has sent this request.'

/**
 * True if a request comes from a page of another origin, or `undefined` if the client does not say. As in Go's
 * `http.CrossOriginProtection`, `Sec-Fetch-Site` (W3C: Fetch Metadata) decides, or else `Origin` (RFC 6454).
 */
export function isForeign(
  request: Request,
  trustedOrigins: readonly string[],
): boolean | undefined {
  const origin = request.headers.get('origin')
  if (origin !== null && trustedOrigins.includes(origin)) return false
  const site = request.headers.get('sec-fetch-site')
  // `none` is an action of the user, such as opening a bookmark. No such action opens a WebSocket.
  const isDecided = site !== null && !(site === 'none' && isHandshake(request))
  if (isDecided) return site !== 'same-origin' && site !== 'none'
  return origin === null ? undefined : !isOwn(origin, request)
}

/**
 * True if a page of this origin calls its own server. Pages cannot set `Host`, which still has the browser's address if
 * another Worker has replaced the request's.
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
 * True for a page's origin in the form that browsers send. Includes an app's own scheme (`capacitor://localhost`),
 * although the URL Standard gives it no origin.
 */
export function isOrigin(text: string): boolean {
  if (/^https?:/.test(text)) return originOf(text) === text
  return /^(?!(?:wss?|ftp|file):)[a-z][a-z\d+.-]*:\/\/[\w.-]+(?::\d+)?$/.test(text)
}
