import { readCookies } from '../codec/cookie.ts'

/**
 * Returns the text of the first cookie of this name in a Cookie header, percent-decoded where that is possible, as the
 * packages cookie and cookie-es and Hono do; `undefined` if there is none. A raw comma ends the text, because workerd
 * joins two Cookie headers by one: use it for cookies that are written percent-encoded.
 */
export function decodedCookie(header: string, name: string): string | undefined {
  const [text] = readCookies(header, name)
  if (text?.includes('%') !== true) return text
  try {
    return decodeURIComponent(text)
  } catch {
    return text
  }
}
