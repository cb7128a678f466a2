import type { Bytes } from '../codec/mac.ts'
import { bytesOf } from './mac-key.ts'

/**
 * The cookies of a Cookie header as Tornado reads them (tornado/httputil.py, `parse_cookie`): the last of a name counts,
 * blanks around names and values go, what has no `=` has the empty name, and quoted values are unquoted.
 */
export function parseCookie(header: string): Map<string, string> {
  const cookies = new Map<string, string>()
  for (const part of header.split(';')) {
    const equals = part.indexOf('=')
    const name = part.slice(0, Math.max(equals, 0)).trim()
    const value = part.slice(equals + 1).trim()
    if (name !== '' || value !== '') cookies.set(name, unquoted(value))
  }
  return cookies
}

/** Python's own quoting (http.cookies): a backslash before a character, or before three octal digits. */
function unquoted(value: string): string {
  const [, inner] = /^"([^]*)"$/.exec(value) ?? []
  return inner === undefined
    ? value
    : inner.replaceAll(/\\(?:([0-3][0-7][0-7])|([^]))/g, (_, octal?: string, character?: string) =>
        octal === undefined ? (character ?? '') : String.fromCharCode(Number.parseInt(octal, 8)),
      )
}

/** What Tornado's `_xsrf` cookie, or the form's field, says. */
export interface XsrfToken {
  readonly version: 1 | 2
  /** The token itself, without its mask: what cookie and form have in common. */
  readonly token: Bytes
  /** Seconds since 1970; of version 1, which has none, the clock's. */
  readonly timestamp: number
}

/**
 * What Tornado's `_decode_xsrf_token` gives (tornado/web.py), for forms that are open while an application moves: the token
 * of cookie and form, to compare; `undefined` for what is none. Nothing of it is signed. `now` is in seconds.
 */
export function decodeXsrfToken(
  text: string,
  { now = Date.now() / 1000 }: { readonly now?: number } = {},
): XsrfToken | undefined {
  if (!/^[1-9]\d*\|/.test(text)) {
    return { version: 1, token: hexBytes(text) ?? bytesOf(text), timestamp: Math.floor(now) }
  }
  const [mask, masked, seconds] = maskedFieldsOf(text)
  if (mask === undefined || masked === undefined || seconds === undefined) return undefined
  const token = masked.map((byte, index) => byte ^ (mask[index % 4] ?? 0))
  return { version: 2, token, timestamp: Number(seconds) }
}

/** Of version 2: the mask of four bytes, the masked token, the time. */
function maskedFieldsOf(
  text: string,
): readonly [mask?: Bytes | undefined, masked?: Bytes | undefined, seconds?: string] {
  const [, mask, masked, seconds] = /^2\|([^|]{8})\|([^|]*)\|(\d{1,15})$/.exec(text) ?? []
  if (mask === undefined || masked === undefined || seconds === undefined) return []
  return [hexBytes(mask), hexBytes(masked), seconds]
}

function hexBytes(text: string): Bytes | undefined {
  if (text.length % 2 !== 0 || !/^[0-9a-f]*$/i.test(text)) return undefined
  return Uint8Array.from(text.match(/../g) ?? [], (pair) => Number.parseInt(pair, 16))
}
