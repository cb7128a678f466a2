import type { SessionEnv } from 'edge-session/adapter/hono'
import type { Child } from 'hono/jsx'

import type { sessions } from './sessions'

type Session = SessionEnv<typeof sessions>['Variables']['session']

export function Page({ children }: { children?: Child }) {
  return (
    <html lang="en">
      <body>{children}</body>
    </html>
  )
}

interface HomeProps {
  readonly user: string | undefined
  readonly count: number
  readonly notice: string | undefined
}

export function Home({ user, count, notice }: HomeProps) {
  return (
    <Page>
      {notice !== undefined && <p role="status">{notice}</p>}
      <p>{user === undefined ? 'Nobody is signed in' : `Signed in: ${user}`}</p>
      <p>Count: {count}</p>
      <form method="post" action="/sign-in">
        <input name="user" value="ada" />
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
    </Page>
  )
}

/** The late part of a streamed page: it may read the session, but its cookie has already been sent. */
export async function Late({ session, isWriting }: { session: Session; isWriting: boolean }) {
  await scheduler.wait(200)
  const { count = 0 } = await session.all()
  const problem = isWriting ? await tryToWrite(session) : ''
  return (
    <p>
      {session.userId ?? 'Nobody'} has counted to {count}. {problem}
    </p>
  )
}

async function tryToWrite(session: Session): Promise<string> {
  try {
    session.set('a', 'late')
    await session.commit()
    return 'written'
  } catch (error) {
    return String(error)
  }
}
