/** The maximum length, longer than a browser's address line shows. */
const MAX_CHARACTERS = 2048
/** The maximum number of nested encodings. A server behind may decode once more than we do. */
const MAX_ENCODINGS = 5
const ORIGIN = 'https://next.invalid'

/**
 * Returns a path to redirect to after a sign-in, if it is on this origin, or else `undefined` (OWASP: unvalidated
 * redirects). Refuses other origins in every spelling that a browser or a server behind may accept: `//evil`, `/\evil`,
 * their percent-encoded forms, dot segments that lead there, and control characters. Query and fragment are kept. The
 * result is percent-encoded ASCII of at most 2,048 characters, as the URL Standard writes it, so every runtime takes it
 * in a Location header: `/日` becomes `/%E6%97%A5`.
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

/** Returns an address for a Location header, which is ASCII. What is encoded already stays as it is. */
export function asciiOf(address: string): string {
  return address.toWellFormed().replaceAll(/[^!-~]+/g, encodeURIComponent)
}

// Characters that browsers drop from an address, or that end a header's line.
// oxlint-disable-next-line no-control-regex
const CONTROLS = /[\u0000-\u001f\u007f-\u009f\u2028\u2029]/

/** True if a path stays on this origin, as it is and however often it is decoded. */
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
