export default defineEventHandler((event) => {
  const session = useEdgeSession(event)
  const { late } = getQuery(event)
  setResponseHeader(event, 'Content-Type', 'text/html; charset=utf-8')
  const encoder = new TextEncoder()
  return new ReadableStream({
    async start(controller) {
      controller.enqueue(encoder.encode('<!doctype html><h1>Streamed</h1>'))
      await new Promise((resolve) => setTimeout(resolve, 200))
      controller.enqueue(encoder.encode(await latePart()))
      controller.close()
    },
  })

  /** It may read the session, but its cookie has already been sent. */
  async function latePart() {
    const { count = 0 } = await session.all()
    const problem = late === '1' ? await tryToWrite() : ''
    return `<p>${session.userId ?? 'Nobody'} has counted to ${count}. ${problem}</p>`
  }

  async function tryToWrite() {
    try {
      session.set('a', 'late')
      await session.commit()
      return 'written'
    } catch (error) {
      return String(error)
    }
  }
})
