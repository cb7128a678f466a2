import { Await, createFileRoute } from '@tanstack/react-router'
import { createServerFn } from '@tanstack/react-start'
import { Suspense } from 'react'

/** It may read the session, but its cookie has already been sent. */
const late = createServerFn()
  .validator((isWriting: boolean) => isWriting)
  .handler(async ({ context: { session }, data: isWriting }) => {
    await scheduler.wait(200)
    const { count = 0 } = await session.all()
    let problem = ''
    try {
      if (isWriting) session.set('a', 'late')
      if (isWriting) await session.commit()
    } catch (error) {
      problem = String(error)
    }
    return `${session.userId ?? 'Nobody'} has counted to ${count}. ${problem}`
  })

export const Route = createFileRoute('/stream')({
  validateSearch: (search) => (Number(search['late']) === 1 ? { late: 1 } : {}),
  loaderDeps: ({ search }) => search,
  // Not awaited, so the page begins before it.
  loader: ({ deps }) => ({ late: late({ data: 'late' in deps }) }),
  component: Stream,
})

function Stream() {
  return (
    <>
      <h1>Streamed</h1>
      <Suspense fallback={<p>Loading</p>}>
        <Await promise={Route.useLoaderData().late}>{(text) => <p>{text}</p>}</Await>
      </Suspense>
    </>
  )
}
