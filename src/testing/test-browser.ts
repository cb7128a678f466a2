import { CookieJar } from './cookie-jar.ts'
import { siteOf as siteOfHost } from './cookie-rules.ts'

/** Answers a request, as a Worker's `fetch` does. */
export type Server = (request: Request) => Response | Promise<Response>

/**
 * Who makes the browser send a request: a page of this origin (default), of another origin on the same site, of another
 * site (its link for a GET, its form for a POST), or the user, through the address bar (`none`). A `client` is not a
 * browser: it sends no such headers, but keeps cookies.
 */
export type Initiator = 'same-origin' | 'same-site' | 'cross-site' | 'none' | 'client'

export interface TestBrowserOptions {
  /** The origin of paths. Default `https://example.com`, where Secure cookies work. */
  readonly origin?: string
  /** The initial Cookie header, such as that of `cookieFor`. */
  readonly cookie?: string
  /** The default initiator of requests. Default `same-origin`. */
  readonly from?: Initiator
  /** The browser's clock, in milliseconds since 1970, for cookies that expire. Default `Date.now`. */
  readonly now?: () => number
}

/** The options of `fetch` and more. Redirects are followed only with `redirect: 'follow'`. */
export interface TestRequestInit extends RequestInit {
  readonly from?: Initiator
}

/** Fetch standard: the maximum number of redirects. */
const MAX_REDIRECTS = 20

/**
 * A small browser for tests, with a cookie jar. It keeps and sends cookies as Chromium and Firefox do, or by RFC
 * 6265bis where they differ: prefixes, `Secure`, `SameSite`, paths, domains and expiry. It obeys `Clear-Site-Data:
 * "cookies"`, and sends `Sec-Fetch-Site` and `Origin` for each initiator, so that `csrfGuard` can be tested. It runs no
 * scripts and loads no resources.
 */
export class TestBrowser {
  /** The cookies that it keeps. `cookies.refused` has those that it did not keep, and why. */
  readonly cookies: CookieJar
  readonly #server: Server
  readonly #origin: URL
  readonly #options: TestBrowserOptions

  /** `server` handles the requests: a Worker's `fetch`, a wrapped handler, or the runtime's own `fetch`. */
  constructor(server: Server, options: TestBrowserOptions = {}) {
    const { origin = 'https://example.com', cookie = '', now = (): number => Date.now() } = options
    this.#server = server
    this.#origin = new URL(origin)
    this.#options = options
    this.cookies = new CookieJar(this.#origin, now)
    for (const pair of cookie.split(/;\s*/).filter((each) => each !== '')) {
      const [, name = '', value = ''] = /^([^=]*)=(.*)$/.exec(pair) ?? []
      this.cookies.set(name, value)
    }
  }

  /**
   * Sends a request with the current cookies, and keeps those of the response. Throws a `TypeError` after 20 redirects.
   */
  async fetch(path: string | URL, init: TestRequestInit = {}): Promise<Response> {
    const { redirect = 'manual' } = init
    let url = new URL(path, this.#origin)
    let next = init
    for (let count = 0; ; count += 1) {
      // Each redirect depends on the previous response.
      // oxlint-disable-next-line no-await-in-loop
      const response = await this.#send(url, next)
      const location = response.headers.get('Location')
      if (redirect === 'manual' || location === null || !isRedirect(response)) return response
      if (redirect === 'error' || count === MAX_REDIRECTS) {
        throw new TypeError(`Too many redirects: ${url.href} redirects to ${location}.`)
      }
      const target = new URL(location, url)
      next = redirected(next, response.status, target.origin !== url.origin)
      url = target
    }
  }

  /** Sends a request, and returns the response's body as parsed JSON. */
  async json<T = unknown>(path: string | URL, init: TestRequestInit = {}): Promise<T> {
    const response = await this.fetch(path, init)
    return (await response.json()) as T
  }

  /**
   * Closes the browser and opens it again: only cookies with `Max-Age` or `Expires` stay. Some browsers keep the others
   * too, if they are set to restore the previous tabs.
   */
  restart(): void {
    this.cookies.endSession()
  }

  /** Returns a second browser with the same cookies, such as a thief's. */
  copy(): TestBrowser {
    const copy = new TestBrowser(this.#server, this.#options)
    copy.cookies.clear()
    copy.cookies.addAll(this.cookies)
    return copy
  }

  /** Returns the Cookie header for this path, by default `/`, or an empty text if there are no cookies. */
  cookieHeader(path: string | URL = '/'): string {
    const url = new URL(path, this.#origin)
    return this.cookies.headerFor(url, { method: 'GET', isForeign: false })
  }

  async #send(url: URL, init: TestRequestInit): Promise<Response> {
    const { from = this.#options.from ?? 'same-origin', ...rest } = init
    const request = new Request(url, { ...rest, redirect: 'manual' })
    const { method, headers } = request
    const site = from === 'same-origin' ? siteOf(this.#origin, url) : from
    const cookie = this.cookies.headerFor(url, { method, isForeign: site === 'cross-site' })
    if (cookie !== '' && !headers.has('Cookie')) headers.set('Cookie', cookie)
    this.#introduce(request, from, site)
    const response = await this.#server(request)
    for (const setCookie of response.headers.getSetCookie()) this.cookies.keep(setCookie, url)
    // This also deletes a cookie of the same response.
    const cleared = response.headers.get('Clear-Site-Data') ?? ''
    if (/"(cookies|\*)"/.test(cleared) && from !== 'client') this.cookies.clearSite(url)
    return response
  }

  /**
   * Sets the headers that say who sends the request (W3C: Fetch Metadata; Fetch standard, section 3.2), unless the test
   * has.
   */
  #introduce({ method, headers }: Request, from: Initiator, site: Initiator): void {
    if (from === 'client') return
    if (!headers.has('Sec-Fetch-Site')) headers.set('Sec-Fetch-Site', site)
    if (method === 'GET' || method === 'HEAD' || from === 'none' || headers.has('Origin')) return
    headers.set('Origin', this.#originOf(from))
  }

  #originOf(from: 'same-origin' | 'same-site' | 'cross-site'): string {
    if (from === 'cross-site') return 'https://another-site.example'
    const { origin, protocol, host } = this.#origin
    return from === 'same-origin' ? origin : `${protocol}//sibling.${host}`
  }
}

function isRedirect({ status }: Response): boolean {
  return [301, 302, 303, 307, 308].includes(status)
}

/** Returns the relation of this origin to an address. Hosts with the same last two labels are the same site. */
function siteOf(origin: URL, url: URL): 'same-origin' | 'same-site' | 'cross-site' {
  if (url.origin === origin.origin) return 'same-origin'
  const isOfOneSite = siteOfHost(url.hostname) === siteOfHost(origin.hostname)
  const isSameSite = isOfOneSite && url.protocol === origin.protocol
  return isSameSite ? 'same-site' : 'cross-site'
}

/**
 * Returns the request to send after a redirect: a GET after 303, and after a 301 or 302 to a POST. Another origin gets
 * no Authorization header (Fetch standard, section 4.4).
 */
function redirected(init: TestRequestInit, status: number, isElsewhere: boolean): TestRequestInit {
  if (isElsewhere) {
    const headers = new Headers(init.headers)
    headers.delete('Authorization')
    return redirected({ ...init, headers }, status, false)
  }
  const method = (init.method ?? 'GET').toUpperCase()
  const isSame = method === 'GET' || method === 'HEAD'
  const becomesGet = status === 303 ? !isSame : status < 303 && method === 'POST'
  if (!becomesGet) return init
  const { body: _, ...rest } = init
  const headers = new Headers(init.headers)
  for (const name of ['Content-Type', 'Content-Length', 'Content-Encoding']) headers.delete(name)
  return { ...rest, headers, method: 'GET' }
}
