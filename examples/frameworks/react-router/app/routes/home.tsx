// #region loader
import { sessionContext } from '../sessions.server'
import type { Route } from './+types/home'

export async function loader({ context }: Route.LoaderArgs) {
  const session = context.get(sessionContext)
  const { count = 0 } = await session.all()
  const { notice } = await session.flashes()
  return { user: session.userId, count, notice }
}
// #endregion loader

export default function Home({ loaderData: { user, count, notice } }: Route.ComponentProps) {
  return (
    <>
      {notice !== undefined && <p role="status">{notice}</p>}
      <p>{user === undefined ? 'Nobody is signed in' : `Signed in: ${user}`}</p>
      <p>{`Count: ${count}`}</p>
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
