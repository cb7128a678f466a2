import { Suspense } from 'react'
import { Await } from 'react-router'

import { sessionContext } from '../sessions.server'
import type { Route } from './+types/stream'

export async function loader({ context, request }: Route.LoaderArgs) {
  const session = context.get(sessionContext)
  const isWriting = new URL(request.url).searchParams.get('late') === '1'

  /** The late part of the page: it may read the session, but its cookie has already been sent. */
  async function late() {
    await scheduler.wait(200)
    const { count = 0 } = await session.all()
    const problem = isWriting ? await tryToWrite() : ''
    return `${session.userId ?? 'Nobody'} has counted to ${count}. ${problem}`
  }

  async function tryToWrite(): Promise<string> {
    try {
      session.set('a', 'late')
      await session.commit()
      return 'written'
    } catch (error) {
      return String(error)
    }
  }

  // A promise that is not awaited is streamed.
  return { late: late() }
}

export default function Stream({ loaderData }: Route.ComponentProps) {
  return (
    <>
      <h1>Streamed</h1>
      <Suspense fallback={<p>Loading</p>}>
        <Await resolve={loaderData.late}>{(text) => <p>{text}</p>}</Await>
      </Suspense>
    </>
  )
}
