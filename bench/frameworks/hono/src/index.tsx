// The pages of examples/frameworks/hono that are measured, with the session by hand.
import { Hono } from 'hono'

import { type ByHandEnv, signIn, visitorOf } from './by-hand'
import { Home } from './pages'

export { FloorObject } from './by-hand'

const app = new Hono<{ Bindings: ByHandEnv }>()

app.get('/', async (c) => {
  const { user, count = 0 } = (await visitorOf(c.req.raw, c.env)) ?? {}
  return c.html(<Home user={user} count={count} notice={undefined} />)
})

app.post('/sign-in', async (c) => {
  const { user } = await c.req.parseBody()
  c.header('Set-Cookie', await signIn(String(user), c.env))
  return c.redirect('/', 303)
})

export default app
