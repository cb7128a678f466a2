import { type Server, TestBrowser } from '../../src/testing.ts'

/**
 * The library's own test browser, as its own tests need it: it says nothing of who sends a request, and what a server
 * sets with Max-Age=0 is gone, but nothing else ever expires, which is how a browser looks that keeps its cookies for
 * ever.
 */
export class Browser extends TestBrowser {
  readonly #server: Server
  readonly #origin: string

  constructor(server: Server, origin = 'https://app.example') {
    super(server, { origin, from: 'client', now: () => 0 })
    this.#server = server
    this.#origin = origin
  }

  override copy(): Browser {
    const copy = new Browser(this.#server, this.#origin)
    copy.cookies.addAll(this.cookies)
    return copy
  }
}
