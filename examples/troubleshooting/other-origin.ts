import { csrfGuard } from 'edge-session/guard/csrf'

import { type Env, onAllSubdomains as sessions } from './cookies.ts'

export type { Env }

// #region other-origin
const APP = 'https://app.shop.example'
const guarded = csrfGuard({ trustedOrigins: [APP] })

const api = sessions.withSession(
  guarded(async ({ session }) => ({ visits: await session.increment('visits') })),
)

/** Lets one other origin's scripts in. In them: `fetch(url, { method: 'POST', credentials: 'include' })`. */
export async function fetchForApp(
  request: Request,
  env: Env,
  ctx: ExecutionContext,
): Promise<Response> {
  const isPreflight = request.method === 'OPTIONS'
  const answer = isPreflight ? new Response(null, { status: 204 }) : await api(request, env, ctx)
  const response = new Response(answer.body, answer)
  response.headers.append('Vary', 'Origin')
  if (request.headers.get('Origin') === APP) {
    response.headers.set('Access-Control-Allow-Origin', APP)
    response.headers.set('Access-Control-Allow-Credentials', 'true')
    response.headers.set('Access-Control-Allow-Headers', 'Content-Type')
  }
  return response
}
// #endregion other-origin
