import { createSessions } from 'edge-session'
import { durableObjectStore, type SessionObject } from 'edge-session/store/durable-object'

interface Env {
  SESSION_SECRET: string
  SESSIONS: DurableObjectNamespace<SessionObject>
}

const sessions = createSessions<{ page: string }, Env>({
  secrets: (env) => [env.SESSION_SECRET],
  store: (env) => durableObjectStore(env.SESSIONS),
})

/** The same in one call. */
export async function greet(request: Request, env: Env): Promise<Response> {
  const response = await sessions.run(request, env, (session) => {
    session.set('page', request.url)
    return new Response('hello')
  })
  return response
}

/** A handler of a framework that makes the response itself. */
export async function handle(request: Request, env: Env): Promise<Response> {
  // #region open-and-commit
  const session = await sessions.open(request, env)
  session.set('page', request.url)
  const response = await sessions.commit(session, new Response('hello'))
  // #endregion open-and-commit
  return response
}
