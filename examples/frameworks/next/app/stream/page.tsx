import { Suspense } from 'react'

import { currentSession } from '../../lib/session'

interface Props {
  searchParams: Promise<{ late?: string }>
}

export default async function Stream({ searchParams }: Props) {
  const { late } = await searchParams
  return (
    <>
      <h1>Streamed</h1>
      <Suspense fallback={<p>Loading</p>}>
        <Late isWriting={late === '1'} />
      </Suspense>
    </>
  )
}

/** It may read the session, but its cookie has already been sent. */
async function Late({ isWriting }: { isWriting: boolean }) {
  await new Promise((resolve) => setTimeout(resolve, 500))
  const session = await currentSession()
  const { count = 0 } = await session.all()
  let problem = ''
  try {
    if (isWriting) session.set('a', 'late')
    if (isWriting) await session.commit()
  } catch (error) {
    problem = String(error)
  }
  return <p>{`${session.userId ?? 'Nobody'} has counted to ${count}. ${problem}`}</p>
}
