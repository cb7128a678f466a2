import { IttyRouter, type IttyRouterType, StatusError } from 'itty-router'

import { readCookies } from '../src/codec/cookie.ts'
import { csrfGuard, csrfToken } from '../src/guard/csrf.ts'
import { nextPath } from '../src/guard/next-path.ts'
import { requireFresh, requireUser } from '../src/guard/require-user.ts'
import { isCookieLost } from './click.ts'
import { fieldsOf, nameOf, prefersHtml } from './input.ts'
import { accountPage, loginPage } from './page/account-pages.ts'
import { Forms } from './page/forms.ts'
import { cookieNotice } from './page/frame.ts'
import type { Place } from './sessions.ts'

const MAX_NAME_CHARACTERS = 64
/** How long after a sign-in a user may end all sessions, in seconds. */
const FRESH_SECONDS = 5 * 60

/** Signing in and out, and the list of a user's sessions, on one store. */
export function accountRoutes({ base, cookieName, sessions }: Place): IttyRouterType {
  const { withSession, user } = sessions
  const loginUrl = `${base}/login`
  const own = csrfGuard()
  const signedIn = requireUser({ loginUrl })
  const freshly = requireFresh(FRESH_SECONDS, { loginUrl })
  /** Returns the outcome as JSON, or a redirect to the page that the form names, by default this one. */
  const goTo = async (request: Request, path: string, outcome: unknown): Promise<Response> => {
    if (!prefersHtml(request)) return Response.json(outcome)
    const { next } = request.bodyUsed ? {} : await fieldsOf(request)
    return new Response(null, { status: 303, headers: { Location: nextPath(next) ?? path } })
  }

  return IttyRouter({ base })
    .get(
      '/csrf',
      withSession(async ({ session }) => ({ token: await csrfToken(session) })),
    )
    .get(
      '/login',
      withSession(async (request) => {
        const { session, url } = request
        const next = nextPath(new URL(url).searchParams.get('next')) ?? ''
        const [cookie] = readCookies(request.headers.get('Cookie'), cookieName)
        const notice = cookieNotice(request, isCookieLost(request, cookie))
        return loginPage(new Forms(base, await csrfToken(session)), next, notice)
      }),
    )
    .post(
      '/login',
      withSession(
        own(async (request) => {
          const { name = '', label = '', remember, next } = await fieldsOf(request)
          const userId = checkedName(name)
          const details = { ...(label !== '' && { label }), remember: remember !== undefined }
          await request.session.signIn(userId, details)
          return goTo(request, nextPath(next) ?? `${base}/account`, { userId })
        }),
      ),
    )
    .post(
      '/logout',
      withSession(
        own(async (request) => {
          await request.session.signOut()
          // It begins a new session, so it is only set if the request asks for it.
          const { searchParams } = new URL(request.url)
          if (searchParams.has('flash')) request.session.flash('notice', 'You are signed out.')
          return goTo(request, `${base}/`, {})
        }),
      ),
    )
    .get(
      '/account',
      withSession(
        signedIn(async (request, env) => {
          const { session } = request
          const { userId, authenticatedAt } = session
          const account = {
            userId,
            authenticatedAt,
            sessions: await user(userId, env).list(session),
          }
          if (!prefersHtml(request)) return account
          const forms = new Forms(base, await csrfToken(session))
          return accountPage(forms, account)
        }),
      ),
    )
    .post(
      '/sessions/revoke-others',
      withSession(
        own(
          signedIn(async (request, env) => {
            const { session } = request
            const revoked = await user(session.userId, env).revokeOthers(session)
            return goTo(request, `${base}/account`, { revoked })
          }),
        ),
      ),
    )
    .post(
      '/sessions/revoke-all',
      withSession(
        own(
          freshly(async (request, env) => {
            const { session } = request
            const revoked = await user(session.userId, env).revokeAll()
            // This browser's own session is among them, so its cookie is cleared too.
            await session.signOut()
            return goTo(request, `${base}/`, { revoked })
          }),
        ),
      ),
    )
    .post(
      '/sessions/:id/revoke',
      withSession(
        own(
          signedIn(async (request, env) => {
            const { session } = request
            const id = nameOf(String(request.params['id'] ?? ''))
            const revoked = await user(session.userId, env).revoke(id)
            if (id === session.id) await session.signOut()
            return goTo(request, `${base}/account`, { revoked })
          }),
        ),
      ),
    )
}

function checkedName(name: string): string {
  const userId = name.trim()
  if (userId !== '' && userId.length <= MAX_NAME_CHARACTERS) return userId
  throw new StatusError(400, `A name must have 1 to ${MAX_NAME_CHARACTERS} characters: name=ada`)
}
