// #region after
import { sessions } from './sessions.ts'

const { withSession } = sessions

export const addToCart = withSession(async ({ session, url }) => {
  const item = new URL(url).searchParams.get('item') ?? 'tea'
  return session.update('cart', (cart = []) => [...cart, item])
})

export const logOut = withSession(async ({ session }) => {
  await session.signOut() // ends it on the server, too
  return { ok: true }
})
// #endregion after
