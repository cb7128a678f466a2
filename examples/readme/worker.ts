import { createSessions } from 'edge-session'
import { durableObjectStore, SessionObject } from 'edge-session/store/durable-object'
export { SessionObject } // the class of the objects, bound as SESSIONS

type Env = { SESSION_SECRET: string; SESSIONS: DurableObjectNamespace<SessionObject> }
const { withSession } = createSessions<{ likes: number }, Env>({
  secrets: (env) => [env.SESSION_SECRET],
  store: (env) => durableObjectStore(env.SESSIONS),
})

export default {
  fetch: withSession(async ({ method, session }) => {
    if (method === 'POST') await session.increment('likes') // atomic: overlapping requests all count
    return { likes: (await session.get('likes')) ?? 0 } // a visitor who stores nothing gets no cookie
  }),
}
