import { createSessions } from 'edge-session'
import { checked } from 'edge-session/schema'
import {
  durableObjectStore,
  SessionObject,
  type SessionObjectNamespace,
} from 'edge-session/store/durable-object'
import { z } from 'zod'

export { SessionObject }

interface Env {
  readonly SESSION_SECRET: string
  readonly SESSIONS: SessionObjectNamespace
}

// #region schema
const schema = z.object({
  cart: z.array(z.string()),
  user: z.object({ name: z.string() }),
})

const { withSession } = createSessions({
  data: checked(schema),
  secrets: (env: Env) => [env.SESSION_SECRET],
  store: (env) => durableObjectStore(env.SESSIONS),
})
// #endregion schema

export default {
  fetch: withSession(async ({ session, url }) => {
    const item = new URL(url).searchParams.get('item')
    // (cart: readonly string[] | undefined) => string[]
    if (item !== null) await session.update('cart', (cart = []) => [...cart, item])
    return session.all()
  }),
}
