import { CookieJar } from './cookie-jar.ts'
import { siteOf as siteOfHost } from './cookie-rules.ts'

/** Answers a request, as a Worker's `fetch` does. */
export type Server = (request: Request) => Response | Promise<Response>

/**
 * Who has the browser send a request: a page of this origin (the default), of another origin of the same site, of another
 * site (its link for a GET, its form for a POST), or the visitor himself, by the address bar. A `client` is no browser:
 * it says nothing of that, and keeps cookies all the same.
 */
export type Initiator = 'same-origin' | 'same-site' | 'cross-site' | 'none' | 'client'

export interface TestBrowserOptions {
  /** Where paths lead to. Default `https://example.com`, where a Secure cookie can be. */
  readonly origin?: string
  /** A Cookie header to begin with, such as that of `cookieFor`. */
  readonly cookie?: string
  /** Who sends requests where they do not say so themselves. Default `same-origin`. */
  readonly from?: Initiator
  /** The browser's clock, in milliseconds since 1970, for cookies with an end. Default `Date.now`. */
  readonly now?: () => number
}

/** What can be said of a request besides what `fetch` takes. Redirects are not followed unless `redirect: 'follow'`. */
export interface TestRequestInit extends RequestInit {
  readonly from?: Initiator
}

/** Fetch standard: so many redirects are followed. */
const MAX_REDIRECTS = 20

/**
 * A small browser for tests, with a cookie jar. It keeps and sends cookies as Chromium and Firefox do where these agree,
 * and otherwise by RFC 6265bis: prefixes, `Secure`, `SameSite`, paths, domains and expiry. It heeds
 * `Clear-Site-Data: "cookies"`, and says by `Sec-Fetch-Site` and `Origin` who sends a request, so that `csrfGuard` can be
 * tried. It runs no script and loads nothing by itself.
 */
export class TestBrowser {
  /** What it keeps; what it did not keep, and why, is in `cookies.refused`. */
  readonly cookies: CookieJar
  readonly #server: Server
  readonly #origin: URL
  readonly #options: TestBrowserOptions

  /** `server` answers the requests: a Worker's `fetch`, a wrapped handler, or the runtime's own `fetch`. */
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

  /** Sends a request, with the cookies as they are at this moment, and keeps those of the response when it is there. */
  async fetch(path: string | URL, init: TestRequestInit = {}): Promise<Response> {
    const { redirect = 'manual' } = init
    let url = new URL(path, this.#origin)
    let next = init
    for (let count = 0; ; count += 1) {
      // Each redirect depends on the answer before it.
      // oxlint-disable-next-line no-await-in-loop
      const response = await this.#send(url, next)
      const location = response.headers.get('Location')
      if (redirect === 'manual' || location === null || !isRedirect(response)) return response
      if (redirect === 'error' || count === MAX_REDIRECTS) {
        throw new TypeError(`${url.href} redirects to ${location}, which is one redirect too many.`)
      }
      const target = new URL(location, url)
      next = redirected(next, response.status, target.origin !== url.origin)
      url = target
    }
  }

  /** Sends a request and gives the response's body, parsed. */
  async json<T = unknown>(path: string | URL, init: TestRequestInit = {}): Promise<T> {
    const response = await this.fetch(path, init)
    return (await response.json()) as T
  }

  /**
   * Closes the browser and opens it again: a cookie stays if it has `Max-Age` or `Expires`. Some browsers keep the others
   * too, if they are set to open the tabs of before.
   */
  restart(): void {
    this.cookies.endSession()
  }

  /** A second browser with the same cookies, such as a thief's. */
  copy(): TestBrowser {
    const copy = new TestBrowser(this.#server, this.#options)
    copy.cookies.clear()
    copy.cookies.addAll(this.cookies)
    return copy
  }

  /** The Cookie header that goes to this path, or to `/`; empty where there is none. */
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
    // A cookie of the same response goes as well.
    const cleared = response.headers.get('Clear-Site-Data') ?? ''
    if (/"(cookies|\*)"/.test(cleared) && from !== 'client') this.cookies.clearSite(url)
    return response
  }

  /** Says who sends the request (W3C: Fetch Metadata; Fetch standard, section 3.2), where the test does not itself. */
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

/** What a page of this origin is to an address; hosts of the same last two labels count as one site. */
function siteOf(origin: URL, url: URL): 'same-origin' | 'same-site' | 'cross-site' {
  if (url.origin === origin.origin) return 'same-origin'
  const isOfOneSite = siteOfHost(url.hostname) === siteOfHost(origin.hostname)
  const isSameSite = isOfOneSite && url.protocol === origin.protocol
  return isSameSite ? 'same-site' : 'cross-site'
}

/**
 * What is sent to where a redirect leads: after 303, and after a POST's 301 and 302, a GET; to another origin without
 * Authorization (Fetch standard, section 4.4).
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
