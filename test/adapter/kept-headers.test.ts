import { env } from 'cloudflare:workers'
import { Hono } from 'hono'
import { cors } from 'hono/cors'
import { requestId } from 'hono/request-id'
import { secureHeaders } from 'hono/secure-headers'
import { AutoRouter, cors as ittyCors, error } from 'itty-router'
import { describe, expect, test } from 'vitest'

import { accounts } from '../../src/accounts.ts'
import { guardMiddleware, sessionMiddleware } from '../../src/adapter/hono.ts'
import { guardMiddleware as ittyGuard, sessionHooks } from '../../src/adapter/itty-router.ts'
import { csrfGuard } from '../../src/guard/csrf.ts'
import { requireUser } from '../../src/guard/require-user.ts'
import { createSessions, type StoreFailureHandler } from '../../src/index.ts'
import { memoryStore } from '../../src/store/memory.ts'
import { Browser } from '../support/browser.ts'
import { CONTEXT } from '../support/site.ts'

const ORIGIN = 'https://other.example'

/** What `secureHeaders` and `requestId` set. */
const HONO = [
  'Strict-Transport-Security',
  'X-Content-Type-Options',
  'X-Frame-Options',
  'X-XSS-Protection',
  'X-DNS-Prefetch-Control',
  'X-Download-Options',
  'X-Permitted-Cross-Domain-Policies',
  'Origin-Agent-Cluster',
  'Cross-Origin-Resource-Policy',
  'Referrer-Policy',
  'X-Request-Id',
]

/** Sessions on a store that can be made to fail. */
function layer(onStoreFailure: 'refuse' | StoreFailureHandler = 'refuse') {
  const store = memoryStore()
  const world = { isDown: false }
  const sessions = createSessions({
    secrets: [env.SESSION_SECRET],
    store: {
      ...store,
      write: (...call) => (world.isDown ? Promise.reject(new Error('down')) : store.write(...call)),
    },
    onStoreFailure,
    use: [accounts()],
  })
  return { sessions, world }
}

type Layer = ReturnType<typeof layer>

/** Ends the session of a request behind its back, as another tab does. */
async function endElsewhere({ sessions }: Layer, { url, headers }: Request): Promise<void> {
  const other = await sessions.open(new Request(url, { headers }), {})
  await other.destroy()
}

/** The same routes in each framework, behind middleware that makes headers for every response. */
const FRAMEWORKS: Record<string, (own: Layer) => (request: Request) => Promise<Response>> = {
  'Hono, headers before': (own) => honoOf(own, 'before'),
  'Hono, headers after': (own) => honoOf(own, 'after'),
  'itty-router': (own) => {
    const { preflight, corsify } = ittyCors({ origin: ORIGIN })
    const hooks = { before: [preflight], finally: [corsify], catch: error }
    const router = AutoRouter(sessionHooks(own.sessions, hooks))
    router
      .all('/user', ittyGuard(requireUser()), () => 'user')
      .all('/form', ittyGuard(csrfGuard()), () => 'form')
      .get('/set', ({ session }) => {
        session.set('a', 1)
        return 'set'
      })
      .get('/late', async (request) => {
        await request.session.load()
        await endElsewhere(own, request)
        request.session.set('a', 2)
        return 'saved'
      })
      .get('/awaited', async (request) => {
        await request.session.load()
        await endElsewhere(own, request)
        return request.session.increment('n')
      })
    return async (request) => router.fetch(request, {}, CONTEXT) as Promise<Response>
  },
}

function honoOf(own: Layer, place: 'before' | 'after'): (request: Request) => Promise<Response> {
  const app = new Hono()
  const session = sessionMiddleware(own.sessions)
  const headers = [cors({ origin: ORIGIN }), secureHeaders(), requestId()] as const
  if (place === 'before') app.use(...headers)
  const inner = app.use(session)
  if (place === 'after') inner.use(...headers)
  inner.all('/user', guardMiddleware(requireUser()), (c) => c.text('user'))
  inner.all('/form', guardMiddleware(csrfGuard()), (c) => c.text('form'))
  inner.get('/set', (c) => {
    c.var.session.set('a', 1)
    return c.text('set')
  })
  inner.get('/late', async (c) => {
    await c.var.session.load()
    await endElsewhere(own, c.req.raw)
    c.var.session.set('a', 2)
    return c.text('saved')
  })
  inner.get('/awaited', async (c) => {
    await c.var.session.load()
    await endElsewhere(own, c.req.raw)
    return c.json(await c.var.session.increment('n'))
  })
  return async (request) => app.fetch(request)
}

describe.for(Object.entries(FRAMEWORKS))(
  'in %s the headers of middleware stay',
  ([name, fetchOf]) => {
    const headers = { Origin: ORIGIN }

    const kept = name.startsWith('Hono') ? HONO : []

    /** The status, and the headers of middleware that a response lacks or has twice. */
    function seen({ status, headers: own }: Response): unknown[] {
      const lacking = kept.filter((each) => own.get(each) === null)
      const twice = /Cookie.*Cookie|Origin.*Origin/.exec(own.get('Vary') ?? '')
      return [status, own.get('Access-Control-Allow-Origin'), lacking, twice]
    }

    test.for(['/late', '/awaited'])('on a 409 (%s)', async (path) => {
      const browser = new Browser(fetchOf(layer()))
      await browser.fetch('/set', { headers })
      expect(seen(await browser.fetch(path, { headers }))).toEqual([409, ORIGIN, [], null])
    })

    test('on a 503, and on the response of onStoreFailure, with what both vary by', async () => {
      const made = (): Response =>
        new Response('busy', { status: 500, headers: { Vary: 'Accept' } })
      for (const [answer, status] of [
        ['refuse', 503],
        [made, 500],
      ] as const) {
        const own = layer(answer)
        const browser = new Browser(fetchOf(own))
        // oxlint-disable-next-line no-await-in-loop
        await browser.fetch('/set', { headers })
        own.world.isDown = true
        // oxlint-disable-next-line no-await-in-loop
        const response = await browser.fetch('/set', { headers })
        expect(seen(response)).toEqual([status, ORIGIN, [], null])
        expect(response.headers.get('Vary')?.includes('Accept') === true).toBe(answer !== 'refuse')
      }
    })

    test('on the refusals of guards', async () => {
      const browser = new Browser(fetchOf(layer()))
      expect(seen(await browser.fetch('/user', { headers }))).toEqual([401, ORIGIN, [], null])
      expect(seen(await browser.fetch('/form', { method: 'POST', headers, body: 'a=1' }))).toEqual([
        403,
        ORIGIN,
        [],
        null,
      ])
    })
  },
)
