/** Longer ones than a browser's address line are made up. */
const MAX_CHARACTERS = 2048
/** How often a path may be encoded over; a server behind may decode once more than we do. */
const MAX_ENCODINGS = 5
const ORIGIN = 'https://next.invalid'

/**
 * A path to go on to after a sign-in, if it is one of this very origin; `undefined` for anything else (OWASP: unvalidated
 * redirects). Refused are other origins in every spelling that a browser or a server behind may take for one: `//evil`,
 * `/\evil`, their percent-encoded forms, dots that lead there, control characters. Query and fragment stay.
 */
export function nextPath(next: unknown): string | undefined {
  if (typeof next !== 'string' || next.length > MAX_CHARACTERS) return undefined
  if (CONTROLS.test(next)) return undefined
  const [path = ''] = next.split(/[?#]/)
  return isOwnPath(path, MAX_ENCODINGS) ? next : undefined
}

/** What `next` of a request's query asks for, or else this path. */
export function nextPathOf(request: { readonly url: string }, otherwise = '/'): string {
  return nextPath(new URL(request.url).searchParams.get('next')) ?? otherwise
}

// What browsers drop from an address, or take for the end of a header's line.
// oxlint-disable-next-line no-control-regex
const CONTROLS = /[\u0000-\u001f\u007f-\u009f\u2028\u2029]/

/** Whether a path stays here, as it is and however often it is decoded. */
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
