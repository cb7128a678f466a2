import { createSessions } from '../../src/index.ts'
import { live, watch } from '../../src/live.ts'
import { durableObjectStore, SessionObject } from '../../src/store/durable-object.ts'

export { SessionObject }

interface Env {
  readonly SESSION_SECRET: string
  readonly SESSIONS: DurableObjectNamespace<SessionObject>
}

const { withSession } = createSessions({
  secrets: (env: Env) => [env.SESSION_SECRET],
  store: (env) => durableObjectStore(env.SESSIONS),
})

/** A Worker whose class of sessions has no sockets: it answers with the text of the error. */
export default {
  fetch: withSession(async ({ session, url }, env: Env): Promise<Response | string> => {
    try {
      const { pathname } = new URL(url)
      if (pathname === '/live') return await live(session)
      if (pathname === '/watch')
        await watch(session, { namespace: 'SESSIONS', id: String(env.SESSIONS.newUniqueId()) })
      session.set('a', 1)
      return 'ok'
    } catch (error) {
      return String(error)
    }
  }),
} satisfies ExportedHandler<Env>
