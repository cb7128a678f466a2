export default defineEventHandler(async (event) => ({
  count: await useEdgeSession(event).increment('count'),
}))
