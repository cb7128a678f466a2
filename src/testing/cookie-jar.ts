import { isSafe, isWithin, matchesHost, matchesPath, refusalOf, siteOf } from './cookie-rules.ts'
import { settingOf } from './made-cookies.ts'
import { type Cookie, parseSetCookie } from './set-cookie.ts'

/** A Set-Cookie that was not kept, and the reason that a browser's developer tools would show. */
export interface RefusedCookie {
  readonly name: string
  readonly reason: string
}

/**
 * The cookies of one browser, by the rules of RFC 6265bis, except those that need a list of public suffixes. Tests can
 * use it like a Map of names and values, with the cookies of all addresses. If two cookies have the same name, the more
 * specific one comes first.
 */
export class CookieJar {
  /** The cookies that were not kept, in order. */
  readonly refused: RefusedCookie[] = []
  readonly #home: URL
  readonly #now: () => number
  /** The cookies by identity (`keyOf`), in the order of creation. An update does not change the order. */
  readonly #cookies = new Map<string, Cookie>()

  /** `home` is the address of cookies that a test sets itself. `now` is in milliseconds since 1970. */
  constructor(home: URL, now: () => number) {
    this.#home = home
    this.#now = now
  }

  get size(): number {
    return this.#present().length
  }

  /** True if there is a cookie with this name. */
  has(name: string): boolean {
    return this.get(name) !== undefined
  }

  /** Returns the cookie's value, or `undefined`. */
  get(name: string): string | undefined {
    return this.details(name)?.value
  }

  /** Returns the cookie with its attributes, or `undefined`. */
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
   * Stores a cookie as it is, such as a stolen or damaged one. An existing cookie gets the new value. A cookie of
   * `cookieFor` gets its attributes, if a browser would keep it from this origin. Any other applies to the whole
   * origin.
   */
  set(name: string, value: string): void {
    const known = this.details(name)
    const setCookie = known === undefined ? settingOf(name, value) : undefined
    if (setCookie !== undefined) this.keep(setCookie, this.#home)
    else this.#put(known === undefined ? homeCookie(this.#home, name, value) : { ...known, value })
  }

  /** Deletes all cookies with this name. */
  delete(name: string): void {
    for (const cookie of this.#present()) {
      if (cookie.name === name) this.#cookies.delete(keyOf(cookie))
    }
  }

  clear(): void {
    this.#cookies.clear()
  }

  /** Deletes the cookies without an expiry, as when the browser is closed (RFC 6265bis section 5.7). */
  endSession(): void {
    for (const [key, { expiresAt }] of this.#cookies) {
      if (expiresAt === Infinity) this.#cookies.delete(key)
    }
  }

  /**
   * Deletes the cookies of a whole site, including HttpOnly and partitioned ones and those of subdomains, as Chromium
   * does for `Clear-Site-Data: "cookies"` from an address (W3C: Clear Site Data, section 3.1). Firefox keeps
   * partitioned ones, and those of the site's other hosts. Does nothing on plain http.
   */
  clearSite(from: URL): void {
    if (!isSafe(from)) return
    for (const [key, { domain }] of this.#cookies) {
      if (siteOf(domain) === siteOf(from.hostname)) this.#cookies.delete(key)
    }
  }

  /** Processes a Set-Cookie header of a response from this address. */
  keep(setCookie: string, from: URL): void {
    const cookie = parseSetCookie(setCookie, from, this.#now())
    const reason = refusalOf(cookie, from, setCookie) ?? this.#conflict(cookie, from)
    if (reason !== undefined) this.refused.push({ name: cookie.name, reason })
    else if (cookie.expiresAt <= this.#now()) this.#cookies.delete(keyOf(cookie))
    else this.#put(cookie)
  }

  /** RFC 6265bis section 5.7, step 16: plain http cannot overwrite a cookie that https has set. */
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
   * Returns the Cookie header of a request to this address, or an empty text if there are no cookies. `isForeign` is
   * true if another site made the browser send it, with a link or a form.
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

  /** Adds all cookies of another jar. */
  addAll(other: CookieJar): void {
    for (const [key, cookie] of other.#cookies) this.#cookies.set(key, cookie)
  }

  #put(cookie: Cookie): void {
    this.#cookies.set(keyOf(cookie), cookie)
  }

  /** Returns the cookies that have not expired, longer paths first, then older ones (RFC 6265bis section 5.8.3). */
  #present(): Cookie[] {
    const now = this.#now()
    return Array.from(this.#cookies.values())
      .filter(({ expiresAt }) => expiresAt > now)
      .toSorted((one, other) => other.path.length - one.path.length)
  }
}

/** RFC 6265bis section 5.7. A partitioned cookie exists beside one that is not (CHIPS, section 4). */
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
