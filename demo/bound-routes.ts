import { IttyRouter, type IttyRouterType, StatusError } from 'itty-router'

import { readCookies } from '../src/codec/cookie.ts'
import { requireBound } from '../src/guard/require-bound.ts'
import { prefersHtml } from './input.ts'
import { fetchSelf } from './lab/run-lab.ts'
import { ownRequests } from './own-requests.ts'
import { device, inObjects } from './sessions.ts'

const COOKIE = '__Host-session'

const own = ownRequests()
/** Without the grace period after a sign-in, so that the button shows the result immediately. */
const deviceOnly = requireBound({ graceSeconds: 0 })

/** The response to a request with the session's cookie but without this browser's other cookies. */
interface CopyReport {
  readonly status: number
  readonly message: string
}

/** Sends a copy of the session's cookie, as from another browser. */
async function sendCopy(request: Request): Promise<CopyReport> {
  const [token] = readCookies(request.headers.get('Cookie'), COOKIE)
  if (token === undefined) {
    throw new StatusError(400, 'This browser has no session cookie. Sign in first.')
  }
  const headers = { Cookie: `${COOKIE}=${token}`, Accept: 'application/json' }
  const response = await fetchSelf(new Request(new URL('/bound/page', request.url), { headers }))
  const { detail = 'The copy was accepted: this session is not bound to a device.' } =
    await response.json<{ readonly detail?: string }>()
  return { status: response.status, message: detail }
}

/**
 * The routes for `bound()`: the browser's endpoints, a page for this device only, and a request for it with a copied
 * cookie.
 */
export const boundRoutes: IttyRouterType = IttyRouter()
  .get('/bound/page', inObjects.withSession(deviceOnly(({ session }) => ({ id: session.id }))))
  .post(
    '/bound/copy',
    inObjects.withSession(
      own(async (request) => {
        const report = await sendCopy(request)
        if (!prefersHtml(request)) return Response.json(report)
        request.session.flash('Another browser', `${report.status} ${report.message}`)
        return new Response(null, { status: 303, headers: { Location: '/' } })
      }),
    ),
  )

for (const { path, handler } of device.routes) {
  boundRoutes.post(path, inObjects.withSession(handler))
}
