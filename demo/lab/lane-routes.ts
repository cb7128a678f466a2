import { IttyRouter, type IttyRouterType } from 'itty-router'

import { createSessions, type Session, type Sessions } from '../../src/index.ts'
import { durableObjectStore } from '../../src/store/durable-object.ts'
import { kvStore } from '../../src/store/kv.ts'
import { countedKv, countedStore } from '../cost.ts'
import type { Env } from '../sessions.ts'
import { type LabData, withDocument } from './whole-document.ts'

/** How long each increment works between its read and its write, like a call of another service. */
const WORK_MS = 20
/** How long the slow request works. A race that was missed is run again, with more time. */
const SLOW_MS = 400
/** How long a browser's last request waits before it reads, until the slow request is over. */
const LOOK_MS = 800

const inObjects = createSessions<LabData, Env>({
  secrets: (env) => [env.SESSION_SECRET],
  store: (env) => countedStore(durableObjectStore(env.SESSIONS)),
  cookie: { name: '__Host-lab' },
  absoluteTimeout: 10 * 60,
})

const inKv = createSessions<LabData, Env>({
  secrets: (env) => [env.SESSION_SECRET],
  store: (env) => countedStore(kvStore(countedKv(env.SESSION_KV))),
  cookie: { name: '__Host-lab-kv' },
  absoluteTimeout: 10 * 60,
})

/** The lab's three ways to store a session. Each gets the same requests, does the same work, and has its own cookie. */
export const LANE_ROUTERS: readonly (readonly [path: string, router: IttyRouterType])[] = [
  [
    '/lab/objects',
    sessionLane('/lab/objects', inObjects, async (session) => {
      await scheduler.wait(WORK_MS)
      return session.increment('count')
    }),
  ],
  [
    '/lab/kv',
    sessionLane('/lab/kv', inKv, async (session) => {
      const count = ((await session.get('count')) ?? 0) + 1
      await scheduler.wait(WORK_MS)
      session.set('count', count)
      return count
    }),
  ],
  ['/lab/naive', documentLane('/lab/naive')],
]

/** A lane that uses the library. */
function sessionLane(
  base: string,
  { withSession }: Sessions<LabData, Env, Record<string, unknown>>,
  increment: (session: Session<LabData>) => Promise<number>,
): IttyRouterType {
  const slow = withSession(async ({ session, url }) => {
    const isLoaded = await session.has('user')
    await scheduler.wait(SLOW_MS * timesOf(url))
    if (isLoaded) session.set('note', 'written late')
    return { at: Date.now(), isLoaded }
  })

  return IttyRouter({ base })
    .post(
      '/start',
      withSession(async ({ session }) => {
        // A cookie may be left from an interrupted run, or from a session that is over.
        await session.load()
        session.set('count', 0)
        session.set('user', 'ada')
        return {}
      }),
    )
    .post(
      '/increment',
      withSession(async ({ session }) => {
        const from = Date.now()
        return { count: await increment(session), from, to: Date.now() }
      }),
    )
    .post('/slow', async (request, env, ctx) => statusAsJson(await slow(request, env, ctx)))
    .post(
      '/logout',
      withSession(async ({ session }) => {
        await session.destroy()
        return { at: Date.now() }
      }),
    )
    .get(
      '/state',
      withSession(async ({ session, url }) => {
        await scheduler.wait(LOOK_MS * timesOf(url))
        const at = Date.now()
        const { user = null, count = null } = await session.all()
        return { user, count, at }
      }),
    )
}

/** The lane of the whole document. */
function documentLane(base: string): IttyRouterType {
  const slow = withDocument(async (document, { url }) => {
    await scheduler.wait(SLOW_MS * timesOf(url))
    const answer = { at: Date.now(), isLoaded: document.user !== undefined }
    return { answer, document: { ...document, note: 'written late' } }
  })
  const read = withDocument((document) => {
    const { user = null, count = null } = document
    return { answer: { user, count, at: Date.now() }, document }
  })

  return IttyRouter({ base })
    .post(
      '/start',
      withDocument(() => ({ answer: {}, document: { user: 'ada', count: 0 } })),
    )
    .post(
      '/increment',
      withDocument(async (document) => {
        const from = Date.now()
        const count = (document.count ?? 0) + 1
        await scheduler.wait(WORK_MS)
        return { answer: { count, from, to: Date.now() }, document: { ...document, count } }
      }),
    )
    .post('/slow', async (request, env) => statusAsJson(await slow(request, env)))
    .post(
      '/logout',
      withDocument(() => ({ answer: { at: Date.now() }, document: undefined })),
    )
    .get('/state', async (request, env) => {
      await scheduler.wait(LOOK_MS * timesOf(request.url))
      return read(request, env)
    })
}

/**
 * Returns the slow request's status as a normal response, which browsers do not report as an error of the page. A
 * refused request had loaded the session, and wrote nothing.
 */
async function statusAsJson(response: Response): Promise<Response> {
  const { status } = response
  const answer = await response.json<{ readonly at?: number; readonly isLoaded?: boolean }>()
  const { at = null, isLoaded = true } = answer
  const headers = new Headers()
  for (const cookie of response.headers.getSetCookie()) headers.append('Set-Cookie', cookie)
  return Response.json({ status, at, isLoaded }, { headers })
}

/** Returns the factor by which a request waits longer than usual. The last request only waits if it is told to. */
function timesOf(url: string): number {
  const times = Number(new URL(url).searchParams.get('times'))
  return times > 0 && times <= MAX_TIMES ? times : 0
}

const MAX_TIMES = 5
