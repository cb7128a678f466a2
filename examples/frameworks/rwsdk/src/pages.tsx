import type { ReactNode } from 'react'
import { Suspense } from 'react'
import type { RequestInfo } from 'rwsdk/worker'

export function Document({ children }: { children: ReactNode }) {
  return (
    <html lang="en">
      <body>
        <div id="root">{children}</div>
      </body>
    </html>
  )
}

export async function Home({ ctx: { session } }: RequestInfo) {
  const { count = 0 } = await session.all()
  const { notice } = await session.flashes()
  const user = session.userId
  return (
    <>
      {notice !== undefined && <p role="status">{notice}</p>}
      <p>{user === undefined ? 'Nobody is signed in' : `Signed in: ${user}`}</p>
      <p>Count: {count}</p>
      <form method="post" action="/sign-in">
        <input name="user" defaultValue="ada" />
        <button>Sign in</button>
      </form>
      <form method="post" action="/count">
        <button>Count</button>
      </form>
      <form method="post" action="/sign-out">
        <button>Sign out</button>
      </form>
      <form method="post" action="/sign-out-everywhere">
        <button>Sign out everywhere</button>
      </form>
    </>
  )
}

export function Stream(info: RequestInfo) {
  return (
    <>
      <h1>Streamed</h1>
      <Suspense fallback={<p>Loading</p>}>
        <Late {...info} />
      </Suspense>
    </>
  )
}

/** It may read the session, but its cookie has already been sent. */
async function Late({ ctx: { session }, request }: RequestInfo) {
  await scheduler.wait(200)
  const { count = 0 } = await session.all()
  const isWriting = new URL(request.url).searchParams.get('late') === '1'
  const problem = isWriting ? await tryToWrite(session) : ''
  return (
    <p>
      {`${session.userId ?? 'Nobody'} has counted to ${count}. `}
      {problem}
    </p>
  )
}

async function tryToWrite(session: RequestInfo['ctx']['session']) {
  try {
    session.set('a', 'late')
    await session.commit()
    return 'written'
  } catch (error) {
    return String(error)
  }
}
