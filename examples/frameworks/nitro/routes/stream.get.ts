import { defineHandler, getQuery } from 'nitro/h3'

import { useEdgeSession } from '../sessions'

export default defineHandler((event) => {
  const session = useEdgeSession(event)
  const { late } = getQuery(event)
  const encoder = new TextEncoder()
  event.res.headers.set('Content-Type', 'text/html; charset=utf-8')
  return new ReadableStream({
    async start(controller) {
      controller.enqueue(encoder.encode('<!doctype html><h1>Streamed</h1>'))
      await scheduler.wait(200)
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
