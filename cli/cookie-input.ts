import { readCookies } from '../src/codec/cookie.ts'
import { unverifiedToken } from '../src/codec/token.ts'
import { misuse } from './cli-error.ts'

const DEFAULT_NAME = '__Host-session'
const HEADER = /^\s*(?:set-)?cookie\s*:\s*/i

/** The given cookie, with all of its values. */
export interface CookieInput {
  readonly name: string
  readonly values: readonly string[]
}

/**
 * Reads a single token, `name=value`, or Cookie and Set-Cookie headers between other lines. Without a name, uses the
 * default one, or the only one whose value looks like a token. Throws if there is none. Shows no value.
 */
export function cookieInput(text: string, name: string | undefined): CookieInput {
  const lines = text.split(/\r?\n/).filter((line) => line.trim() !== '')
  const named = lines.filter((line) => HEADER.test(line))
  const headers = (named.length > 0 ? named : lines).map((line) => line.replace(HEADER, '').trim())
  const [first] = headers
  if (first === undefined) throw misuse('edge-session inspect: there is nothing to inspect.')
  if (named.length === 0 && !first.includes('=')) {
    if (headers.length > 1) throw misuse('edge-session inspect: one cookie at a time.')
    return { name: name ?? DEFAULT_NAME, values: [first] }
  }
  const names = [...new Set(headers.flatMap(namesIn))]
  const chosen = name ?? chosenName(headers, names)
  const values = headers.flatMap((header) => readCookies(header, chosen))
  if (values.length > 0) return { name: chosen, values }
  throw misuse(
    `edge-session inspect: there is no cookie ${chosen}. There is: ${names.join(', ')}. Choose one: --name NAME`,
  )
}

function chosenName(headers: readonly string[], names: readonly string[]): string {
  const likely = names.filter((name) =>
    headers.some((header) => readCookies(header, name).some((value) => unverifiedToken(value))),
  )
  const [only = DEFAULT_NAME, ...others] = names.length === 1 ? names : likely
  return names.includes(DEFAULT_NAME) || others.length > 0 ? DEFAULT_NAME : only
}

/** Returns the names in a header, including the attributes of a Set-Cookie. */
function namesIn(header: string): string[] {
  return header
    .split(';')
    .filter((pair) => pair.includes('='))
    .map((pair) => pair.slice(0, pair.indexOf('=')).trim())
}
