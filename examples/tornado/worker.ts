import { createSessions, json } from 'edge-session'
import { accounts } from 'edge-session/accounts'
import { clearAllCookies, clearCookie } from 'edge-session/codec/clear-cookies'
import { authenticated } from 'edge-session/guard/authenticated'
import { csrfGuard } from 'edge-session/guard/csrf'
import { currentUser } from 'edge-session/guard/current-user'
import { nextPathOf } from 'edge-session/guard/next-path'
import {
  durableObjectStore,
  SessionObject,
  type SessionObjectNamespace,
} from 'edge-session/store/durable-object'
import { AutoRouter, html, StatusError } from 'itty-router'

export { SessionObject }

interface Env {
  readonly SESSION_SECRET: string
  readonly SESSIONS: SessionObjectNamespace
}

interface Data {
  theme: 'light' | 'dark'
}

interface User {
  readonly name: string
}

/** Stands for the application's database. */
const USERS = new Map<string, User>([['ada', { name: 'Ada Lovelace' }]])
export const loads: string[] = []

// #region settings
const sessions = createSessions({
  data: json<Data, { notice: string }>(),
  secrets: (env: Env) => [env.SESSION_SECRET], // cookie_secret
  store: (env) => durableObjectStore(env.SESSIONS),
  use: [accounts()], // sign-in and sign-out
})
const signedIn = authenticated({ loginUrl: '/login' }) // login_url and @authenticated
const guarded = csrfGuard() // xsrf_cookies
// #endregion settings

const userOf = currentUser(async (userId: string, _env: Env) => {
  loads.push(userId)
  return USERS.get(userId)
})

const { withSession } = sessions
const router = AutoRouter()

router
  .get(
    '/',
    withSession(
      signedIn(async (request, env) => {
        const user = await userOf(request, env)
        const { notice = '' } = await request.session.flashes()
        return html(`Hello ${user?.name ?? 'stranger'}. ${notice}`)
      }),
    ),
  )
  .post(
    '/login',
    withSession(
      guarded(async (request) => {
        const form = await request.formData()
        const name = form.get('name')
        if (typeof name !== 'string' || !USERS.has(name))
          throw new StatusError(403, 'Nobody of that name.')
        await request.session.signIn(name)
        request.session.flash('notice', 'You are signed in.')
        return redirect(nextPathOf(request))
      }),
    ),
  )
  .post(
    '/logout',
    withSession(
      guarded(async (request) => {
        await request.session.signOut()
        const response = redirect('/login')
        for (const value of clearAllCookies(request)) response.headers.append('Set-Cookie', value)
        return response
      }),
    ),
  )
  .post('/forget-language', () => {
    const response = redirect('/')
    response.headers.append(
      'Set-Cookie',
      clearCookie('language', { path: '/', domain: 'example.com' }),
    )
    return response
  })

function redirect(location: string): Response {
  return new Response(null, { status: 303, headers: { Location: location } })
}

export default { fetch: router.fetch }
