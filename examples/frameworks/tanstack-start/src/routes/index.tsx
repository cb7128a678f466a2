import { createFileRoute } from '@tanstack/react-router'
import { createServerFn } from '@tanstack/react-start'

const home = createServerFn().handler(async ({ context: { session } }) => {
  const { count = 0 } = await session.all()
  const { notice } = await session.flashes()
  return { user: session.userId, count, notice }
})

export const Route = createFileRoute('/')({ loader: () => home(), component: Home })

function Home() {
  const { user, count, notice } = Route.useLoaderData()
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
