import { IttyRouter, type IttyRouterType, StatusError } from 'itty-router'

import { csrfToken } from '../src/guard/csrf.ts'
import { live } from '../src/live.ts'
import { isCookieLost } from './click.ts'
import { fieldsOf, prefersHtml } from './input.ts'
import { DEFAULT_REQUESTS, MAX_REQUESTS } from './lab/lanes.ts'
import { runLab } from './lab/run-lab.ts'
import { ownRequests } from './own-requests.ts'
import type { Account } from './page/account-section.ts'
import { forgedPage } from './page/csrf-section.ts'
import { type SessionPage, sessionPage } from './page/session-page.ts'
import type { TokenTry } from './page/token-section.ts'
import { type DemoSession, viewOf } from './routes.ts'
import type { Env, Place } from './sessions.ts'
import { partNames, tampered, TokenReader } from './token-view.ts'

/** The page of one store, and the routes that only the page needs: trying tokens, the race lab, a forged form. */
export function playgroundRoutes(place: Place): IttyRouterType {
  const { base, cookieName, sessions } = place
  const { withSession, user } = sessions
  const own = ownRequests()
  const reader = new TokenReader(cookieName)

  /** Returns the current page, with the latest result. */
  async function pageOf(
    request: Request & { readonly session: DemoSession },
    env: Env,
    found: Pick<SessionPage, 'tried' | 'reports'> = {},
  ): Promise<Response> {
    const { session } = request
    const flashes = await session.flashes()
    const view = await viewOf(session)
    const account = await accountOf(session, env)
    const binding = 'binding' in session ? String(session.binding) : undefined
    // It would set a cookie for a visitor without a session, and `csrfGuard()` does not require one from such a
    // visitor.
    const csrf = view.isNew ? '' : await csrfToken(session)
    const token = await reader.view(env.SESSION_SECRET, request)
    const shown = { request, view, flashes, account, binding, csrf, token, ...found }
    const isLost = isCookieLost(request, reader.valueOf(request))
    return sessionPage(place, { now: Date.now(), isCookieLost: isLost, ...shown })
  }

  async function accountOf(session: DemoSession, env: Env): Promise<Account | undefined> {
    const { userId, authenticatedAt } = session
    if (userId === undefined || authenticatedAt === undefined) return undefined
    return { userId, authenticatedAt, sessions: await user(userId, env).list(session) }
  }

  /** Tries the token that a form asks for: a given one, or the browser's with one character changed. */
  async function tryToken(request: Request, env: Env): Promise<TokenTry> {
    const { token, part = '' } = await fieldsOf(request)
    const what = token === undefined ? `The ${part} changed` : 'That token'
    const current = reader.valueOf(request)
    if (token === undefined && current === undefined) {
      throw new StatusError(400, 'This browser has sent no token. Store something first.')
    }
    const value = token?.trim() ?? tampered(current ?? '', part)
    if (value === undefined) {
      const parts = `It has ${partNames(current ?? '').join(', ')}.`
      throw new StatusError(400, `The token has no part ${JSON.stringify(part)}. ${parts}`)
    }
    return { what, verdict: await reader.verdict(env.SESSION_SECRET, value) }
  }

  return IttyRouter({ base })
    .get(
      '/',
      withSession((request, env) => pageOf(request, env)),
    )
    .post(
      '/token/check',
      withSession(
        own(async (request, env) => {
          const tried = await tryToken(request, env)
          return prefersHtml(request) ? pageOf(request, env, { tried }) : tried
        }),
      ),
    )
    .post(
      '/lab',
      withSession(
        own(async (request, env) => {
          const count = countOf((await fieldsOf(request))['count'])
          const reports = await runLab(new URL(request.url).origin, count)
          return prefersHtml(request) ? pageOf(request, env, { reports }) : reports
        }),
      ),
    )
    .get(
      '/live',
      withSession(({ session }) => (place.isAtomic ? live(session) : undefined)),
    )
    .get('/forged', () => forgedPage(base))
}

function countOf(text = String(DEFAULT_REQUESTS)): number {
  const count = Number(text)
  if (Number.isInteger(count) && count >= 2 && count <= MAX_REQUESTS) return count
  throw new StatusError(400, `The lab takes 2 to ${MAX_REQUESTS} requests: count=20`)
}
