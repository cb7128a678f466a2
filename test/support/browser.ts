/** Answers a request, as a Worker's fetch does. */
export type Server = (request: Request) => Response | Promise<Response>

/**
 * A small browser: it keeps the cookies that it gets and sends them back, one jar for one origin. What a server sets with
 * Max-Age=0 is gone; nothing else ever expires here, which is how a browser looks that keeps its cookies for ever.
 */
export class Browser {
  readonly cookies = new Map<string, string>()
  readonly #server: Server
  readonly #origin: string

  constructor(server: Server, origin = 'https://app.example') {
    this.#server = server
    this.#origin = origin
  }

  /** Sends a request, with the cookies as they are at this moment, and keeps those of the response when it is there. */
  async fetch(path: string, init: RequestInit = {}): Promise<Response> {
    const headers = new Headers(init.headers)
    if (this.cookies.size > 0) headers.set('Cookie', this.cookieHeader())
    const request = new Request(new URL(path, this.#origin), { ...init, headers })
    const response = await this.#server(request)
    for (const setCookie of response.headers.getSetCookie()) this.#keep(setCookie)
    return response
  }

  /** Sends a request and gives the response's body, parsed. */
  async json<T = unknown>(path: string, init: RequestInit = {}): Promise<T> {
    const response = await this.fetch(path, init)
    return (await response.json()) as T
  }

  /** A second browser with the same cookies, such as a thief's. */
  copy(): Browser {
    const copy = new Browser(this.#server, this.#origin)
    for (const [name, value] of this.cookies) copy.cookies.set(name, value)
    return copy
  }

  cookieHeader(): string {
    return Array.from(this.cookies, ([name, value]) => `${name}=${value}`).join('; ')
  }

  #keep(setCookie: string): void {
    const [pair = '', ...attributes] = setCookie.split(/;\s*/)
    const [, name = '', value = ''] = /^([^=]*)=(.*)$/.exec(pair) ?? []
    if (attributes.some((attribute) => /^max-age=0$/i.test(attribute))) this.cookies.delete(name)
    else this.cookies.set(name, value)
  }
}
