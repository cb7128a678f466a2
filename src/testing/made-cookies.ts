import { BoundedMap } from '../codec/bounded-map.ts'

/** More than a test run uses at a time. */
const MAX_COOKIES = 10_000
const settings = new BoundedMap<string>(MAX_COOKIES)

/**
 * Stores the Set-Cookie value of a cookie made by `cookieFor`, and returns its name and value for a Cookie header. That
 * header has no attributes, but a browser needs them.
 */
export function noteCookie(setCookie: string): string {
  const pair = setCookie.split(';', 1).join('')
  settings.set(pair, setCookie)
  return pair
}

/** Returns the Set-Cookie value of a cookie that `cookieFor` made in this process, or `undefined`. */
export function settingOf(name: string, value: string): string | undefined {
  return settings.get(`${name}=${value}`)
}
