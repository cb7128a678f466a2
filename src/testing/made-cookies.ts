import { BoundedMap } from '../codec/bounded-map.ts'

/** A run of tests has some cookies at a time. */
const MAX_COOKIES = 10_000
const settings = new BoundedMap<string>(MAX_COOKIES)

/**
 * Remembers the Set-Cookie value of a cookie that `cookieFor` made, and gives its name and value, as for a Cookie
 * header. That header has no attributes, and a browser keeps the cookie by them.
 */
export function noteCookie(setCookie: string): string {
  const pair = setCookie.split(';', 1).join('')
  settings.set(pair, setCookie)
  return pair
}

/** The Set-Cookie value of a cookie that `cookieFor` made in this process, or `undefined`. */
export function settingOf(name: string, value: string): string | undefined {
  return settings.get(`${name}=${value}`)
}
