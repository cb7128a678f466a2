export default defineEventHandler(async (event) => {
  const session = useEdgeSession(event)
  const { user } = await readBody<{ user: string }>(event)
  await session.signIn(user)
  session.flash('notice', 'Welcome')
  return sendRedirect(event, '/', 303)
})
