import { env } from 'cloudflare:workers'
import { type Session } from 'edge-session'
import { type AccountMethods } from 'edge-session/accounts'
import { sessionMiddleware } from 'edge-session/adapter/react-router'
import { sessionStorage } from 'edge-session/adapter/react-router-storage'
import {
  type ActionFunctionArgs,
  createContext,
  type LoaderFunctionArgs,
  redirect,
} from 'react-router'

import { type Data, type Flash, sessions } from './sessions.ts'

// #region storage
// app/sessions.server.ts, and nothing else changes
export const { getSession, commitSession, destroySession } = sessionStorage(sessions, () => env)
// #endregion storage

// #region middleware
// app/root.tsx
export const sessionContext = createContext<Session<Data, Flash> & AccountMethods>()
export const middleware = sessionMiddleware(sessions, { context: sessionContext, env: () => env })

// a route
export async function loader({ context }: LoaderFunctionArgs): Promise<object> {
  const session = context.get(sessionContext)
  return { cart: (await session.get('cart')) ?? [], ...(await session.flashes()) }
}

export async function action({ context, request }: ActionFunctionArgs): Promise<Response> {
  const session = context.get(sessionContext)
  const userId = await checkPassword(await request.formData())
  if (userId === undefined) session.flash('notice', 'Wrong name or password')
  else await session.signIn(userId)
  return redirect('/')
}
// #endregion middleware

/** A route as it was before: it works with either storage. */
export async function cartAction({ request }: { readonly request: Request }): Promise<Response> {
  const session = await getSession(request.headers.get('Cookie'))
  session.set('cart', [...(session.get('cart') ?? []), 'tea'])
  return redirect('/', { headers: { 'Set-Cookie': await commitSession(session) } })
}

async function checkPassword(form: FormData): Promise<string | undefined> {
  const name = form.get('name')
  return typeof name === 'string' && form.get('password') === 'correct' ? name : undefined
}
