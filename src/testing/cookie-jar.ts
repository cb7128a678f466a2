import { isSafe, isWithin, matchesHost, matchesPath, refusalOf, siteOf } from './cookie-rules.ts'
import { settingOf } from './made-cookies.ts'
import { type Cookie, parseSetCookie } from './set-cookie.ts'

/** A Set-Cookie that was not kept, and why: what a browser's developer tools would say. */
export interface RefusedCookie {
  readonly name: string
  readonly reason: string
}

/**
 * The cookies of one browser, by the rules of RFC 6265bis as far as they can be told without a list of public suffixes.
 * To a test it looks like a Map of names and values: those of all addresses, the most specific first where two have one
 * name.
 */
export class CookieJar {
  /** What was not kept, in order. */
  readonly refused: RefusedCookie[] = []
  readonly #home: URL
  readonly #now: () => number
  /** By what makes one cookie (`keyOf`); in the order in which they first came, in which an update changes nothing. */
  readonly #cookies = new Map<string, Cookie>()

  /** `home` is where a cookie belongs that a test sets itself; `now` is in milliseconds since 1970. */
  constructor(home: URL, now: () => number) {
    this.#home = home
    this.#now = now
  }

  get size(): number {
    return this.#present().length
  }

  /** Whether there is a cookie of this name. */
  has(name: string): boolean {
    return this.get(name) !== undefined
  }

  /** The value of the cookie, or `undefined`. */
  get(name: string): string | undefined {
    return this.details(name)?.value
  }

  /** The cookie with its attributes, or `undefined`. */
  details(name: string): Cookie | undefined {
    return this.#present().find((cookie) => cookie.name === name)
  }

  keys(): IterableIterator<string> {
    return this.#present()
      .map(({ name }) => name)
      .values()
  }

  values(): IterableIterator<string> {
    return this.#present()
      .map(({ value }) => value)
      .values()
  }

  [Symbol.iterator](): IterableIterator<[name: string, value: string]> {
    return this.#present()
      .map(({ name, value }): [string, string] => [name, value])
      .values()
  }

  /**
   * Puts a cookie there as it is, such as a stolen or a damaged one: a new value; one of `cookieFor` with its attributes, if
   * a browser would keep it from this origin; or one for the whole of this origin.
   */
  set(name: string, value: string): void {
    const known = this.details(name)
    const setCookie = known === undefined ? settingOf(name, value) : undefined
    if (setCookie !== undefined) this.keep(setCookie, this.#home)
    else this.#put(known === undefined ? homeCookie(this.#home, name, value) : { ...known, value })
  }

  /** Takes all cookies of the name away. */
  delete(name: string): void {
    for (const cookie of this.#present()) {
      if (cookie.name === name) this.#cookies.delete(keyOf(cookie))
    }
  }

  clear(): void {
    this.#cookies.clear()
  }

  /** Deletes the cookies that have no end of their own, as when the browser is closed (RFC 6265bis section 5.7). */
  endSession(): void {
    for (const [key, { expiresAt }] of this.#cookies) {
      if (expiresAt === Infinity) this.#cookies.delete(key)
    }
  }

  /**
   * Deletes the cookies of a whole site, HttpOnly and partitioned ones and those of subdomains too, as Chromium does by
   * `Clear-Site-Data: "cookies"` of an address (W3C: Clear Site Data, section 3.1). Firefox leaves partitioned ones, and
   * those of the site's other hosts. Does nothing for plain http.
   */
  clearSite(from: URL): void {
    if (!isSafe(from)) return
    for (const [key, { domain }] of this.#cookies) {
      if (siteOf(domain) === siteOf(from.hostname)) this.#cookies.delete(key)
    }
  }

  /** Takes in a Set-Cookie header of a response from this address. */
  keep(setCookie: string, from: URL): void {
    const cookie = parseSetCookie(setCookie, from, this.#now())
    const reason = refusalOf(cookie, from, setCookie) ?? this.#conflict(cookie, from)
    if (reason !== undefined) this.refused.push({ name: cookie.name, reason })
    else if (cookie.expiresAt <= this.#now()) this.#cookies.delete(keyOf(cookie))
    else this.#put(cookie)
  }

  /** RFC 6265bis section 5.7, step 16: plain http does not overwrite what https has set. */
  #conflict(cookie: Cookie, from: URL): string | undefined {
    if (cookie.secure || isSafe(from)) return undefined
    const hides = this.#present().some(
      (other) =>
        other.secure &&
        other.name === cookie.name &&
        other.partitioned === cookie.partitioned &&
        (isWithin(cookie.domain, other.domain) || isWithin(other.domain, cookie.domain)) &&
        matchesPath(other, cookie.path),
    )
    return hides ? 'it would hide a Secure cookie' : undefined
  }

  /**
   * The Cookie header of a request to this address; empty where there is none. `isForeign` says that another site has made
   * the browser send it, by a link or a form.
   */
  headerFor(url: URL, { method, isForeign }: { method: string; isForeign: boolean }): string {
    const isTop = method === 'GET' || method === 'HEAD'
    return this.#present()
      .filter(({ secure }) => !secure || isSafe(url))
      .filter((cookie) => matchesHost(cookie, url.hostname) && matchesPath(cookie, url.pathname))
      .filter(({ sameSite }) => !isForeign || sameSite === 'None' || (sameSite === 'Lax' && isTop))
      .map(({ name, value }) => (name === '' ? value : `${name}=${value}`))
      .join('; ')
  }

  /** Takes over all cookies of another jar. */
  addAll(other: CookieJar): void {
    for (const [key, cookie] of other.#cookies) this.#cookies.set(key, cookie)
  }

  #put(cookie: Cookie): void {
    this.#cookies.set(keyOf(cookie), cookie)
  }

  /** The cookies whose time is not up: those with longer paths first, then the older ones (RFC 6265bis section 5.8.3). */
  #present(): Cookie[] {
    const now = this.#now()
    return Array.from(this.#cookies.values())
      .filter(({ expiresAt }) => expiresAt > now)
      .toSorted((one, other) => other.path.length - one.path.length)
  }
}

/** RFC 6265bis section 5.7; a partitioned cookie lives beside one that is not (CHIPS, section 4). */
function keyOf({ name, domain, path, hostOnly, partitioned }: Cookie): string {
  return [name, domain, path, hostOnly, partitioned].join(';')
}

function homeCookie(home: URL, name: string, value: string): Cookie {
  return {
    name,
    value,
    domain: home.hostname,
    hostOnly: true,
    path: '/',
    secure: home.protocol === 'https:',
    httpOnly: true,
    sameSite: 'Lax',
    partitioned: false,
    expiresAt: Infinity,
  }
}
