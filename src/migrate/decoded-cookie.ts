import { readCookies } from '../codec/cookie.ts'

/**
 * Returns the text of the first cookie with this name in a Cookie header, percent-decoded if possible, as in Hono and
 * the packages `cookie` and `cookie-es`. Returns `undefined` if there is none. A raw comma ends the text, because
 * workerd joins two Cookie headers with one, so use this only for cookies that are written percent-encoded.
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
