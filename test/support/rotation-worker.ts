import { createSessions, type SessionEvent } from '../../src/index.ts'
import { durableObjectStore, SessionObject } from '../../src/store/durable-object.ts'
import { TestBrowser } from '../../src/testing.ts'

export { SessionObject }

interface Env {
  readonly SESSIONS: DurableObjectNamespace<SessionObject>
  /** All secrets in one, by spaces, newest first. */
  readonly SESSION_SECRETS: { get(): Promise<string> }
}

let now = 0
let events: SessionEvent[] = []

const { withSession } = createSessions({
  secrets: async (env: Env) => {
    const [first = '', ...more] = (await env.SESSION_SECRETS.get()).split(' ')
    return [first, ...more]
  },
  store: (env) => durableObjectStore(env.SESSIONS),
  idleTimeout: 86_400,
  absoluteTimeout: 86_400 * 7,
  onEvent: (event) => void events.push(event),
  now: () => now,
})

const fetch = withSession(async ({ session, url }) => {
  if (url.endsWith('/begin')) session.set('n', 1)
  return { n: (await session.get('n')) ?? 0 }
})

/** Makes `count` requests of one browser at a time of its own, and says how many found their session. */
export default {
  async fetch(request: Request, env: Env, ctx: ExecutionContext): Promise<Response> {
    const { searchParams } = new URL(request.url)
    now = Number(searchParams.get('now'))
    events = []
    const browser = new TestBrowser((each) => fetch(each, env, ctx), {
      origin: 'https://app.example',
      now: () => now,
    })
    const cookie = request.headers.get('cookie')
    if (cookie !== null) browser.cookies.set(...(cookie.split('=') as [string, string]))
    let known = 0
    for (let each = 0; each < Number(searchParams.get('count')); each += 1) {
      const path = cookie === null && each === 0 ? '/begin' : '/'
      const { n }: { n: number } = await (await browser.fetch(path)).json()
      known += n
    }
    const types = events.map((event) => (event.type === 'refused' ? event.reason : event.type))
    return Response.json({ known, cookie: browser.cookieHeader(), events: types })
  },
}
