import { sessions } from './sessions.ts'

// #region sign-out
export const signOut = sessions.withSession(async ({ session }) => {
  await session.signOut()
  session.flash('notice', 'You are signed out.')
  return new Response(null, { status: 303, headers: { Location: '/' } })
})

export const home = sessions.withSession(async ({ session }) => {
  const { notice } = await session.flashes()
  return new Response(notice ?? 'Welcome.')
})
// #endregion sign-out
