import { accounts } from '../../src/accounts.ts'
import { bound, type BoundOptions } from '../../src/bound.ts'
import { bindings } from '../../src/bound/bindings.ts'
import { requireBound } from '../../src/guard/require-bound.ts'
import { createSessions, type SessionEvent } from '../../src/index.ts'
import { durableObjectStore, extendSessionObject } from '../../src/store/durable-object.ts'
import { userIndex, UserObject } from '../../src/store/user-index.ts'

export { UserObject }

/** What the tests change. A restart of the server resets it. */
let clockAhead = 0
let isBroken = false
let isLimited = false

/** A request as it arrived, and how it was answered. */
interface Logged {
  /** Such as `GET /api 200`, with `bound` at the end if the cookie of the device came. */
  readonly line: string
  /** Sec-Fetch-Site. */
  readonly site: string | null
  /** Secure-Session-Skipped, without its parameters. */
  readonly skipped: string | null
  /** The algorithm of the proof, if there was one. */
  readonly alg: string | null
}
let log: Logged[] = []
let events: SessionEvent[] = []

/** A session object that can be bound, and throws on demand. */
export class SessionObject extends extendSessionObject(bindings) {
  override call(request: string, version?: number): string | Promise<string> {
    if (isBroken) throw new Error('the object is broken')
    return super.call(request, version)
  }
}

interface Env {
  readonly SESSION_SECRET: string
  readonly SESSIONS: DurableObjectNamespace<SessionObject>
  readonly USERS: DurableObjectNamespace<UserObject>
}

type Layer = (request: Request, env: Env, ctx: ExecutionContext) => Promise<Response>

/** Most tests are about what comes after the grace. */
const guarded = requireBound({ graceSeconds: 0 })
const strict = requireBound({ unbound: 'refuse' })
const guardedWithLogin = requireBound({ loginUrl: '/login', graceSeconds: 0 })
const guardedAfterGrace = requireBound({ loginUrl: '/login' })

function page(text: string): Response {
  return new Response(`<!doctype html><title>page</title><p>${text}</p>`, {
    headers: { 'Content-Type': 'text/html; charset=utf-8' },
  })
}

function seeOther(path: string): Response {
  return new Response(null, { status: 303, headers: { Location: path } })
}

function socket(): Response {
  const [client, server] = Object.values(new WebSocketPair())
  server?.accept()
  server?.send('open')
  return new Response(null, { status: 101, webSocket: client ?? null })
}

function layerOf(options: BoundOptions, persistent = false): Layer {
  const sessions = createSessions({
    secrets: (env: Env) => [env.SESSION_SECRET],
    store: (env) => durableObjectStore(env.SESSIONS),
    use: [
      accounts({ index: (env: Env) => userIndex(env.USERS) }),
      bound({ ...options, allow: () => !isLimited }),
    ],
    cookie: { persistent },
    now: () => Date.now() + clockAhead,
    onEvent: (event) => events.push(event),
  })
  return sessions.withSession(async (request, env, ctx) => {
    const { session, method } = request
    const { pathname, searchParams } = new URL(request.url)
    const user = searchParams.get('user') ?? ''
    const who = (): string => `${session.userId ?? 'nobody'} ${session.binding}`
    switch (pathname) {
      case '/sign-in': {
        await session.signIn(user)
        // A form, or what another site redirects to.
        const next = searchParams.get('next')
        return next === null ? page(who()) : seeOther(next)
      }
      case '/sign-out':
        await session.signOut()
        return page(who())
      case '/regenerate':
        await session.regenerate()
        return 'ok'
      case '/revoke': {
        const all = sessions.user(user, env)
        if (searchParams.has('all')) await all.revokeAll()
        else for (const { id } of await all.list()) await all.revoke(id)
        return 'ok'
      }
      case '/who':
        await session.load()
        return who()
      case '/account':
        return guarded(async () => page(who()))(request, env, ctx)
      case '/home':
        return guardedWithLogin(async () => page(who()))(request, env, ctx)
      case '/new':
        return guardedAfterGrace(async () => page(who()))(request, env, ctx)
      case '/strict':
        return strict(async () => who())(request, env, ctx)
      case '/api':
        return guarded(async () => `${method} ${await request.text()}${who()}`)(request, env, ctx)
      case '/socket':
        return guarded(socket)(request, env, ctx)
      default:
        return page('a page')
    }
  })
}

const layers: Readonly<Record<string, Layer>> = {
  'app.test': layerOf({}),
  'kept.test': layerOf({}, true),
  'rsa.test': layerOf({ algorithms: ['RS256'] }),
  'both.test': layerOf({ algorithms: ['ES256', 'RS256'] }),
}

/** What the tests ask and tell, without a browser. */
function toldByTest({ pathname, searchParams }: URL): Response {
  const is = (name: string): boolean => searchParams.has(name)
  if (pathname === '/reset') {
    clockAhead = 0
    isBroken = false
    isLimited = false
  }
  if (pathname === '/set') {
    clockAhead += Number(searchParams.get('seconds')) * 1000
    isBroken = is('broken')
    isLimited = is('limited')
  }
  const told = { log, events }
  log = []
  events = []
  return Response.json(told)
}

/** Another site: a link, and a redirect as after a sign-in there. */
function elsewhere({ pathname, searchParams }: URL): Response {
  const to = searchParams.get('to') ?? ''
  if (pathname === '/authorize')
    return new Response(null, { status: 302, headers: { Location: to } })
  // What a mail program shows in a frame: its links open in tabs that are sandboxed, too.
  if (pathname === '/mail') {
    const frame = `<a target='_blank' href='${to}'>link</a>`
    return page(`<iframe sandbox="allow-scripts allow-popups" srcdoc="${frame}"></iframe>`)
  }
  return page(`<a href="${to}">link</a>`)
}

export default {
  async fetch(request, env, ctx) {
    const url = new URL(request.url)
    if (url.protocol === 'http:') return toldByTest(url)
    const layer = layers[url.hostname]
    if (layer === undefined) return elsewhere(url)
    const { method, headers } = request
    const response = await layer(request, env, ctx)
    const [proof = ''] = (headers.get('secure-session-response') ?? '').split('.')
    const hasCookie = headers.get('cookie')?.includes('__Host-session-bound=') ?? false
    if (url.pathname !== '/favicon.ico') {
      log.push({
        line: `${method} ${url.pathname} ${response.status}${hasCookie ? ' bound' : ''}`,
        site: headers.get('sec-fetch-site'),
        skipped: headers.get('secure-session-skipped')?.split(';')[0] ?? null,
        alg: proof === '' ? null : (JSON.parse(atob(proof)) as { alg: string }).alg,
      })
    }
    return response
  },
} satisfies ExportedHandler<Env>
