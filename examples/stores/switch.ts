import { createSessions, json, type Session } from 'edge-session'
import { type AccountMethods, accounts } from 'edge-session/accounts'
import { durableObjectStore, SessionObject } from 'edge-session/store/durable-object'
import { kvStore } from 'edge-session/store/kv'
export { SessionObject }

export interface Env {
  SESSION_SECRET: string
  SESSIONS: DurableObjectNamespace<SessionObject>
  SESSION_KV: KVNamespace
}

interface Data {
  cart: string[]
}

// #region switch
/** As it was: the store and the cookie that visitors have. */
const former = createSessions({
  data: json<Data>(),
  secrets: (env: Env) => [env.SESSION_SECRET],
  store: (env) => kvStore(env.SESSION_KV),
  use: [accounts()],
})

/** As it will be: another store, and another cookie name. */
const sessions = createSessions({
  data: json<Data>(),
  secrets: (env: Env) => [env.SESSION_SECRET],
  store: (env) => durableObjectStore(env.SESSIONS),
  use: [accounts()],
  cookie: { name: '__Host-id' },
})

type Handler = (
  request: Request & { readonly session: Session<Data> & AccountMethods },
  env: Env,
  ctx: ExecutionContext,
) => unknown

/** In place of `sessions.withSession`, around the whole fetch, for as long as former sessions live. */
export function withSession(
  handler: Handler,
): (request: Request, env: Env, ctx: ExecutionContext) => Promise<Response | undefined> {
  return sessions.withSession(async (request, env, ctx: ExecutionContext) => {
    const { session } = request
    const before = await former.open(request, env)
    await Promise.all([before.load(), session.load()])
    if (before.isNew) return handler(request, env, ctx)
    if (session.isNew) {
      const { cart = [] } = await before.all()
      if (before.userId !== undefined) await session.signIn(before.userId)
      session.set('cart', [...cart])
      await session.commit()
    }
    const result = await handler(request, env, ctx)
    // Not before: a handler that throws leaves it for the next request.
    await before.destroy()
    return former.commit(before, result instanceof Response ? result : Response.json(result))
  })
}
// #endregion switch
