import { currentSession } from '../lib/session'

export default async function Home() {
  const session = await currentSession()
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
