import type { H3Event } from 'h3'

export default defineEventHandler(async (event) => {
  const { value } = await readBody<{ value: string }>(event)
  return keep(event, value)
})

/** h3 1 has no redirect that is thrown: this one is sent from inside. */
async function keep(event: H3Event, value: string) {
  useEdgeSession(event).set('a', value)
  await sendRedirect(event, '/state', 303)
}
