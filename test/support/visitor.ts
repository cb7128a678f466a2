import { unverifiedToken } from '../../src/codec/token.ts'
import { TestBrowser } from '../../src/testing.ts'
import type { App, Handler } from './app.ts'

const COOKIE = '__Host-session'
const CONTEXT = { waitUntil: () => undefined, passThroughOnException: () => undefined }

/** A browser that keeps time with the application, and what its last response set. */
export class Visitor {
  readonly browser: TestBrowser
  maxAge: number | undefined
  readonly #app: App

  constructor(app: App) {
    this.#app = app
    const fetch = app.sessions.withSession(
      async (request) => (await app.handler(request.session as never, request)) ?? null,
    )
    this.browser = new TestBrowser((request) => fetch(request, {}, CONTEXT), {
      now: () => app.now,
    })
  }

  get secret(): string | undefined {
    return unverifiedToken(this.browser.cookies.get(COOKIE) ?? '')?.token.secret
  }

  /** Visits, and returns what the handler says of who is signed in. */
  async visit(handler: Handler, browser = this.browser, init: RequestInit = {}): Promise<unknown> {
    this.#app.handler = handler
    const response = await browser.fetch('/', init)
    if (response.status !== 200) throw new Error(await response.text())
    const [setting] = response.headers.getSetCookie()
    const { length } = setting?.split(';', 1)[0] ?? ''
    if (length >= 200) throw new Error(`The cookie has ${length} bytes.`)
    const maxAge = /; Max-Age=(\d+)/.exec(setting ?? '')?.[1]
    this.maxAge = maxAge === undefined ? undefined : Number(maxAge)
    return response.json()
  }
}

/** Says who is signed in. */
export const who: Handler = async (session) => {
  await session.load()
  return session.userId ?? 'nobody'
}
