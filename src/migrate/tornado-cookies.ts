import type { Bytes } from '../codec/mac.ts'
import { bytesOf } from './mac-key.ts'

/**
 * Returns the cookies of a Cookie header as Tornado reads them (`parse_cookie` in tornado/httputil.py): the last cookie
 * of a name counts, spaces around names and values are dropped, a part without `=` has the empty name, and quoted
 * values are unquoted.
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

/** The content of Tornado's `_xsrf` cookie, or of the form field. */
export interface XsrfToken {
  readonly version: 1 | 2
  /** The token without its mask, the same in the cookie and the form. */
  readonly token: Bytes
  /** Seconds since 1970. Version 1 has no time, so this is the clock's. */
  readonly timestamp: number
}

/**
 * Returns the same as Tornado's `_decode_xsrf_token` (tornado/web.py), for forms that are open while an application
 * moves: the tokens of cookie and form, to be compared, or `undefined` for an invalid one. Nothing in it is signed.
 * `now` is in seconds since 1970.
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

/** The parts of version 2: a mask of four bytes, the masked token, the time. */
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
