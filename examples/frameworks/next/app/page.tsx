import { currentSession } from '../lib/session'

// Otherwise Next renders the page when it is built, where there is no session.
export const dynamic = 'force-dynamic'

export default async function Home() {
  const session = currentSession()
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
