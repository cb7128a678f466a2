export default defineEventHandler(async (event) => {
  const session = useEdgeSession(event)
  await session.load()
  const { env } = event.context.cloudflare
  if (session.userId !== undefined) await sessions.user(session.userId, env).revokeAll()
  await session.signOut()
  return sendRedirect(event, '/', 303)
})
