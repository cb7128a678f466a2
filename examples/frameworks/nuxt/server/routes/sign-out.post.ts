export default defineEventHandler(async (event) => {
  await useEdgeSession(event).signOut()
  return sendRedirect(event, '/', 303)
})
