/** Longer than the paths that a browser's address bar shows. */
const MAX_CHARACTERS = 2048
/** The maximum number of nested encodings. A server behind this one may decode once more than we do. */
const MAX_ENCODINGS = 5
const ORIGIN = 'https://next.invalid'

/**
 * Returns the path to redirect to after a sign-in, if it is on this origin, or else `undefined` (OWASP: unvalidated
 * redirects). Refuses other origins in every spelling that a browser or a server behind this one may accept: `//evil`,
 * `/\evil`, their percent-encoded forms, dot segments that lead there, and control characters. Keeps query and
 * fragment. The result is percent-encoded ASCII of at most 2,048 characters, as in the URL Standard, so every runtime
 * accepts it in a Location header: `/日` becomes `/%E6%97%A5`.
 */
export function nextPath(next: unknown): string | undefined {
  if (typeof next !== 'string' || next.length > MAX_CHARACTERS) return undefined
  if (CONTROLS.test(next)) return undefined
  const [path = ''] = next.split(/[?#]/)
  if (!isOwnPath(path, MAX_ENCODINGS)) return undefined
  const { pathname, search, hash } = new URL(next, ORIGIN)
  const encoded = pathname + search + hash
  return encoded.length > MAX_CHARACTERS ? undefined : encoded
}

/** Returns the path in the request's `next` parameter, percent-encoded, or `otherwise`. */
export function nextPathOf(request: { readonly url: string }, otherwise = '/'): string {
  return nextPath(new URL(request.url).searchParams.get('next')) ?? asciiOf(otherwise)
}

/** Returns an address as ASCII, for a Location header. Parts that are encoded already do not change. */
export function asciiOf(address: string): string {
  return address.toWellFormed().replaceAll(/[^!-~]+/g, encodeURIComponent)
}

// Characters that browsers remove from an address, or that end a line of the header.
// oxlint-disable-next-line no-control-regex
const CONTROLS = /[\u0000-\u001f\u007f-\u009f\u2028\u2029]/

/** True if a path stays on this origin, both as it is and decoded any number of times. */
function isOwnPath(path: string, encodings: number): boolean {
  if (!/^\/(?!\/)/.test(path) || path.includes('\\') || CONTROLS.test(path)) return false
  const { origin, pathname } = new URL(path, ORIGIN)
  if (origin !== ORIGIN || pathname.startsWith('//')) return false
  const decoded = decode(path)
  if (decoded === path) return true
  return decoded !== undefined && encodings > 0 && isOwnPath(decoded, encodings - 1)
}

function decode(path: string): string | undefined {
  try {
    return decodeURIComponent(path)
  } catch {
    return undefined
  }
}
