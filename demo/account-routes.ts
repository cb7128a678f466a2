import { IttyRouter, type IttyRouterType, StatusError } from 'itty-router'

import { csrfGuard, csrfToken } from '../src/guard/csrf.ts'
import { nextPath } from '../src/guard/next-path.ts'
import { requireFresh, requireUser } from '../src/guard/require-user.ts'
import type { Sessions } from '../src/index.ts'
import { accountPage, loginPage } from './account-page.ts'
import type { Data } from './data.ts'
import { fieldsOf, nameOf, prefersHtml } from './input.ts'

type Flash = Record<string, unknown>

const MAX_NAME_CHARACTERS = 64
/** How long after a sign-in all sessions may be ended. */
const FRESH_SECONDS = 5 * 60

/**
 * Signing in and out, and the list of a user's sessions, on one store. The other routes of the demo have no guard, so that
 * they can be tried by curl with a cookie alone.
 */
export function accountRoutes<Env>(
  { withSession, user }: Sessions<Data, Env, Flash>,
  base: string,
): IttyRouterType {
  const loginUrl = `${base}/login`
  const own = csrfGuard()
  const signedIn = requireUser({ loginUrl })
  const freshly = requireFresh(FRESH_SECONDS, { loginUrl })
  const goTo = (request: Request, path: string, outcome: unknown): Response =>
    prefersHtml(request)
      ? new Response(null, { status: 303, headers: { Location: path } })
      : Response.json(outcome)

  return IttyRouter({ base })
    .get(
      '/csrf',
      withSession(async ({ session }) => ({ token: await csrfToken(session) })),
    )
    .get(
      '/login',
      withSession(async ({ session, url }) => {
        const next = nextPath(new URL(url).searchParams.get('next')) ?? ''
        return loginPage(base, { next, csrf: await csrfToken(session) })
      }),
    )
    .post(
      '/login',
      withSession(
        own(async (request) => {
          const { name = '', label = '', next } = await fieldsOf(request)
          const userId = checkedName(name)
          await request.session.signIn(userId, label === '' ? {} : { label })
          return goTo(request, nextPath(next) ?? `${base}/account`, { userId })
        }),
      ),
    )
    .post(
      '/logout',
      withSession(
        own(async (request) => {
          await request.session.signOut()
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
          const sessions = await user(userId, env).list(session)
          if (!prefersHtml(request)) return { userId, authenticatedAt, sessions }
          return accountPage(base, {
            userId,
            authenticatedAt,
            sessions,
            csrf: await csrfToken(session),
          })
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
            // This browser's own is among them: its cookie is cleared, too.
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
  throw new StatusError(400, `A name has 1 to ${MAX_NAME_CHARACTERS} characters: name=ada`)
}
