export default defineEventHandler(async (event) => {
  const session = useEdgeSession(event)
  const { count = 0 } = await session.all()
  const { notice } = await session.flashes()
  return { user: session.userId, count, notice }
})
