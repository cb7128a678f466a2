import { IttyRouter, type IttyRouterType, StatusError } from 'itty-router'

import { prefersHtml } from './input.ts'
import { fetchSelf } from './lab/run-lab.ts'
import { ownRequests } from './own-requests.ts'
import { inObjects } from './sessions.ts'

const REQUESTS = 10
/** How long the provider takes to answer. */
const PROVIDER_MS = 200

const own = ownRequests()

/** The outcome of ten parallel requests, of which one calls the provider. */
interface OnceReport {
  readonly requests: number
  readonly answered: number
  readonly calls: number
}

/** Returns a token that only one of all requests gets from the provider. */
async function refreshed(): Promise<string> {
  await scheduler.wait(PROVIDER_MS)
  // Each call of the provider returns another token.
  return crypto.randomUUID()
}

/** Sends the requests to this Worker, each with the visitor's cookie. */
async function fire(request: Request): Promise<OnceReport> {
  const address = new URL('/once/token', request.url)
  const headers = { Cookie: request.headers.get('Cookie') ?? '' }
  const answers = await Promise.all(
    Array.from({ length: REQUESTS }, async () => {
      const response = await fetchSelf(new Request(address, { method: 'POST', headers }))
      return { isOk: response.ok, token: await response.text() }
    }),
  )
  const given = answers.filter(({ isOk }) => isOk)
  const calls = new Set(given.map(({ token }) => token)).size
  return { requests: REQUESTS, answered: given.length, calls }
}

/** The routes for `once()`: `/once/token` is one request, and `/once/ten` sends ten at the same time. */
export const onceRoutes: IttyRouterType = IttyRouter({ base: '/once' })
  .post(
    '/token',
    inObjects.withSession(own(({ session }) => session.once('token', refreshed, { keep: 0 }))),
  )
  .post(
    '/ten',
    inObjects.withSession(
      own(async (request) => {
        const { session } = request
        await session.load()
        // Without a cookie, each of the ten would create its own session.
        if (session.isNew) throw new StatusError(400, 'There is no session. Store something first.')
        const report = await fire(request)
        if (!prefersHtml(request)) return Response.json(report)
        const { requests, answered, calls } = report
        session.flash(
          'once()',
          `${requests} requests, ${answered} answered, ${calls} call of the provider`,
        )
        return new Response(null, { status: 303, headers: { Location: '/' } })
      }),
    ),
  )
