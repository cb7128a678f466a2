import { guardMiddleware } from 'edge-session/adapter/react-router'
import { requireUser } from 'edge-session/guard/require-user'
import { type LoaderFunctionArgs, redirect } from 'react-router'

import { sessionContext } from './react-router-session.ts'

type LoaderArgs = LoaderFunctionArgs
type ActionArgs = LoaderFunctionArgs

// #region routes
// app/root.tsx: export { middleware } from './session.server'
// app/routes/cart.tsx; LoaderArgs and ActionArgs are Route.LoaderArgs and Route.ActionArgs of './+types/cart'
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

// app/routes/account.tsx, and every route below it
export const accountMiddleware = [
  guardMiddleware(requireUser({ loginUrl: '/login' }), { context: sessionContext }),
]
