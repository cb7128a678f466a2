import { env } from 'cloudflare:workers'
import { createSessions, type Session } from 'edge-session'
import { guardMiddleware, sessionMiddleware } from 'edge-session/adapter/react-router'
import { requireUser } from 'edge-session/guard/require-user'
import { durableObjectStore } from 'edge-session/store/durable-object'
import { createContext, type LoaderFunctionArgs, redirect } from 'react-router'

type LoaderArgs = LoaderFunctionArgs
type ActionArgs = LoaderFunctionArgs

// #region session
// app/session.server.ts
const sessions = createSessions<{ cart: string[] }, Cloudflare.Env>({
  secrets: (own) => [own.SESSION_SECRET],
  store: (own) => durableObjectStore(own.SESSIONS),
})
export const sessionContext = createContext<Session<{ cart: string[] }>>()
export const middleware = sessionMiddleware(sessions, { context: sessionContext, env: () => env })
// #endregion session

// #region routes
// app/root.tsx: export { middleware } from './session.server'
// app/routes/cart.tsx
export async function loader({ context }: LoaderArgs): Promise<readonly string[]> {
  return (await context.get(sessionContext).get('cart')) ?? []
}

export async function action({ context, request }: ActionArgs): Promise<Response> {
  const item = (await request.formData()).get('item')
  const session = context.get(sessionContext)
  await session.update('cart', (cart = []) => [...cart, typeof item === 'string' ? item : ''])
  return redirect('/cart')
}
// #endregion routes

// #region guard
// app/routes/account.tsx, and every route below it
export const accountMiddleware = [
  guardMiddleware(requireUser({ loginUrl: '/login' }), { context: sessionContext }),
]
// #endregion guard
