import {
  createSessions,
  json,
  type RequestContext,
  type Session,
  SessionError,
  type SessionEvent,
  type Sessions,
} from 'edge-session'
import { type AccountMethods, accounts } from 'edge-session/accounts'
import { csrfGuard, csrfToken } from 'edge-session/guard/csrf'
import { nextPath } from 'edge-session/guard/next-path'
import { requireFresh, requireUser } from 'edge-session/guard/require-user'
import { memoryStore } from 'edge-session/store/memory'
import { cookieFor, TestBrowser } from 'edge-session/testing'

// Run by each runtime, against the package as it is built; prints what each check has found.

interface Data {
  visits: number
  cart: string[]
  text: string
  __proto__: string
}

interface Flash {
  notice: string
}

type Run = (session: Session<Data, Flash> & AccountMethods, request: Request) => unknown

const CONTEXT: RequestContext = {
  waitUntil: () => undefined,
  passThroughOnException: () => undefined,
}
const SECRET = 'only-for-tests-only-for-tests-only-for-tests'
const MINUTES = 60_000

/** An application whose handler and clock each check sets. */
class App {
  readonly events: SessionEvent[] = []
  readonly sessions: Sessions<Data, object, Flash, AccountMethods>
  readonly browser: TestBrowser
  now = 1_800_000_000_000
  run: Run = () => 'nothing'

  constructor(secrets: readonly [string, ...string[]] = [SECRET]) {
    this.sessions = createSessions({
      data: json<Data, Flash>(),
      secrets,
      store: memoryStore(),
      use: [accounts()],
      onEvent: (event) => void this.events.push(event),
      now: () => this.now,
    })
    const fetch = this.sessions.withSession(
      async (request) => (await this.run(request.session, request)) ?? null,
    )
    this.browser = new TestBrowser((request) => fetch(request, {}, CONTEXT), {
      now: () => this.now,
    })
  }

  /** Runs this as a request's handler; gives its status and body. */
  async ask(run: Run, browser: TestBrowser = this.browser): Promise<[number, unknown]> {
    this.run = run
    const response = await browser.fetch('/')
    return [response.status, await response.json()]
  }
}

const visit: Run = (session) => session.increment('visits')
const visits: Run = (session) => session.get('visits')

async function codeOf(action: () => unknown): Promise<string> {
  try {
    await action()
  } catch (error) {
    return error instanceof SessionError ? error.code : String(error)
  }
  return 'nothing thrown'
}

/** What an entry of the package exports, whose types are there for Workers only. */
async function exported(entry: string, name: string): Promise<() => unknown> {
  const exports = (await import(`edge-session/${entry}`)) as Record<string, () => unknown>
  return exports[name] ?? (() => undefined)
}

/** The Set-Cookie header, its token masked. */
function masked(response: Response): string[] {
  return response.headers
    .getSetCookie()
    .map((each) => each.replace(/=1\.[\w-]{4}\.[\w-]+\.[\w-]{43};/, '=TOKEN;'))
}

const CHECKS: Record<string, () => Promise<unknown>> = {
  'a visitor who stores nothing gets no cookie': async () => {
    const app = new App()
    app.run = async (session) => session.all()
    const response = await app.browser.fetch('/')
    return [masked(response), response.headers.get('Vary'), await response.json()]
  },

  'the first write sets a cookie, and the next request reads it': async () => {
    const app = new App()
    app.run = visit
    const response = await app.browser.fetch('/')
    const headers = [masked(response), response.headers.get('Cache-Control')]
    const { size } = app.browser.cookies
    return [headers, size, app.browser.cookieHeader().length, await app.ask(visits)]
  },

  'overlapping increments all count': async () => {
    const app = new App()
    await app.ask(visit)
    await Promise.all(Array.from({ length: 50 }, () => app.browser.fetch('/')))
    return app.ask(visits)
  },

  'an update, a take, a flash and any text': async () => {
    const app = new App()
    const text = 'naïve 日本 🍎 \u2028 "'
    await app.ask(async (session) => {
      await session.update('cart', (cart = []) => [...cart, 'apple'])
      session.set('text', text)
      session.set('__proto__', 'a key as any other')
      session.flash('notice', 'hello')
    })
    return [
      await app.ask(async (session) => [await session.all(), await session.flashes()]),
      await app.ask(async (session) => [await session.flashes(), await session.take('text')]),
      await app.ask(async (session) => [await session.get('text'), await session.get('__proto__')]),
    ]
  },

  'regenerate keeps the data and kills the old token': async () => {
    const app = new App()
    await app.ask(visit)
    const thief = app.browser.copy()
    await app.ask((session) => session.regenerate())
    return [
      await app.ask(visits),
      await app.ask(visits, thief),
      await app.ask(visit, thief),
      app.browser.cookieHeader() === thief.cookieHeader(),
    ]
  },

  'what was destroyed stays dead, and a late write is refused': async () => {
    const app = new App()
    await app.ask(visit)
    const thief = app.browser.copy()
    const headers = { Cookie: app.browser.cookieHeader() }
    const late = await app.sessions.open(new Request('https://example.com/', { headers }), {})
    await late.get('visits')
    await app.ask((session) => session.destroy())
    late.set('visits', 7)
    const response = await app.sessions.commit(late, new Response('saved'))
    return [
      response.status,
      await response.json(),
      app.browser.cookies.size,
      await app.ask(visits, thief),
      app.events.map(({ type }) => type),
    ]
  },

  'a forged cookie is anonymous, and an event says why': async () => {
    const app = new App()
    await app.ask(visit)
    const token = app.browser.cookies.get('__Host-session') ?? ''
    app.events.length = 0
    const answers = []
    for (const forged of [
      `${token.slice(0, -1)}${token.endsWith('A') ? 'E' : 'A'}`,
      token.replace(/^1/, '9'),
      token.slice(0, -1),
      'x'.repeat(3000),
      '',
    ]) {
      app.browser.cookies.set('__Host-session', forged)
      answers.push(await app.ask((session) => session.all()))
    }
    return [answers, app.events]
  },

  'timeouts hold by the clock of the server': async () => {
    const app = new App()
    const answers = []
    await app.ask(visit)
    for (const minutes of [29, 29, 30, 1]) {
      app.now += minutes * MINUTES
      answers.push(await app.ask(visits))
    }
    await app.ask(visit)
    const end = app.now + 12 * 60 * MINUTES
    for (; app.now + 20 * MINUTES < end; app.now += 20 * MINUTES) await app.ask(visits)
    answers.push(await app.ask(visits))
    app.now = end
    answers.push(await app.ask(visits))
    const ended = app.events.filter(({ type }) => type === 'expired')
    return [answers, ended.map((event) => 'timeout' in event && event.timeout)]
  },

  'an older secret is good, and the cookie is signed anew': async () => {
    const store = memoryStore()
    const newer = 'another-secret-another-secret-another-secret'
    const [former, present] = [[SECRET] as const, [newer, SECRET] as const].map((secrets) =>
      createSessions<Data, object, Flash>({ secrets, store }),
    )
    if (former === undefined || present === undefined) return 'nothing'
    const cookie = await cookieFor(former, {}, { data: { visits: 3 } })
    const fetch = present.withSession(async ({ session }) => (await session.get('visits')) ?? null)
    const browser = new TestBrowser((request) => fetch(request, {}, CONTEXT), { cookie })
    return [await browser.json('/'), browser.cookieHeader() !== cookie, await browser.json('/')]
  },

  'guards let in whom they should': async () => {
    const { sessions } = new App()
    const guarded = {
      user: sessions.withSession(requireUser()(({ session }) => session.userId)),
      page: sessions.withSession(requireUser({ loginUrl: '/login' })(() => 'page')),
      aal: sessions.withSession(requireUser({ aal: 2 })(() => 'strong')),
      fresh: sessions.withSession(requireFresh(60)(() => 'fresh')),
    }
    const cookies = ['', await cookieFor(sessions, {}, { userId: 'ada', aal: 1 })]
    const answers = []
    for (const [name, fetch] of Object.entries(guarded)) {
      for (const cookie of cookies) {
        const browser = new TestBrowser((request) => fetch(request, {}, CONTEXT), { cookie })
        const headers = { Accept: 'text/html' }
        const response = await browser.fetch('/a?b=c', { headers })
        answers.push([name, response.status, response.headers.get('Location')])
      }
    }
    return answers
  },

  'another site is kept out': async () => {
    const { sessions } = new App()
    const fetch = sessions.withSession(csrfGuard()(async (request) => request.text()))
    const token = sessions.withSession(async ({ session }) => csrfToken(session))
    const cookie = await cookieFor(sessions, {}, { userId: 'ada' })
    const browser = new TestBrowser(
      (request) => (request.method === 'GET' ? token : fetch)(request, {}, CONTEXT),
      { cookie },
    )
    const answers = []
    for (const from of ['same-origin', 'same-site', 'cross-site', 'none', 'client'] as const) {
      const response = await browser.fetch('/', { method: 'POST', body: 'x=1', from })
      answers.push([from, response.status])
    }
    const body = new URLSearchParams({ csrf: await browser.json<string>('/') })
    const response = await browser.fetch('/', { method: 'POST', body, from: 'client' })
    return [answers, response.status, (await response.text()).startsWith('"csrf=')]
  },

  'a path to go back to is one of this site': async () =>
    ['/a?b=c', '//evil.example', '/\\evil.example', 'https://evil.example', '', null].map((path) =>
      nextPath(path),
    ),

  'a path of any letters can stand in a Location header': async () =>
    ['/日?q=é', '/\ud800'].map((path) =>
      new Response(null, { headers: { Location: nextPath(path) ?? '' } }).headers.get('Location'),
    ),

  'a Response of another realm is sent, and a Blob is not': async () => {
    const { sessions } = new App()
    const own = new Response('hello', { status: 201 })
    const other = {
      status: 201,
      statusText: '',
      headers: own.headers,
      body: { [Symbol.asyncIterator]: () => own.body?.[Symbol.asyncIterator]() },
      arrayBuffer: () => own.arrayBuffer(),
    }
    const send = async (result: unknown): Promise<unknown> => {
      const request = new Request('https://app.example/')
      const response = await sessions.run(request, {}, (session) => {
        session.set('visits', 1)
        return result
      })
      return [response.status, await response.text(), masked(response)]
    }
    return [await send(other), await send(new Blob(['a'])).catch(({ code }: SessionError) => code)]
  },

  'a redirect carries the cookie': async () => {
    const app = new App()
    app.run = async (session) => {
      await session.signIn('ada')
      return Response.redirect('https://example.com/home', 303)
    }
    const response = await app.browser.fetch('/')
    return [response.status, response.headers.get('Location'), masked(response)]
  },

  'errors say what is wrong': async () => {
    const app = new App()
    await app.ask(visit)
    return [
      await codeOf(() => new App(['short']).ask(visits)),
      await codeOf(() => new App().ask((session) => session.set('cart', [new Date() as never]))),
      await codeOf(() => app.ask((session) => session.userId)),
      await codeOf(await exported('store/durable-object', 'durableObjectStore')),
      await codeOf(await exported('store/user-index', 'userIndex')),
      await codeOf(() => cookieFor(new App().sessions, {}, {})),
    ]
  },
}

const found: Record<string, unknown> = {}
for (const [name, check] of Object.entries(CHECKS)) {
  // One after the other, so that what is printed is in order.
  // oxlint-disable-next-line no-await-in-loop
  found[name] = await check()
}
// oxlint-disable-next-line no-console
console.log(JSON.stringify(found))
