export default defineEventHandler(async (event) => {
  const session = useEdgeSession(event)
  const { count = 0, a = null, b = null } = await session.all()
  return { user: session.userId ?? null, count, a, b }
})
