import type { Session } from 'edge-session'
import type { AccountMethods } from 'edge-session/accounts'

import { type Data, type Env, type Flash, sessions } from './sessions.ts'

interface OldSession {
  readonly userId?: string | undefined
  readonly cart?: readonly string[] | undefined
}

interface OldSessions {
  /** The name of the old cookie. It must not be the new one's. */
  readonly cookieName: string
  /** What the old session says; `undefined` where the old library would have found none. */
  readonly read: (request: Request, env: Env) => Promise<OldSession | undefined>
}

type Handler = (
  request: Request & { readonly session: Session<Data, Flash> & AccountMethods },
  env: Env,
  ctx: ExecutionContext,
) => unknown

// #region take-over
/** `sessions.withSession` around the whole fetch, which brings visitors over who come with an old session only. */
export function withSessionOrOld(
  { cookieName, read }: OldSessions,
  handler: Handler,
): (request: Request, env: Env, ctx: ExecutionContext) => Promise<Response | undefined> {
  return sessions.withSession(async (request, env, ctx: ExecutionContext) => {
    const { session } = request
    const cookies = (request.headers.get('Cookie') ?? '').split(/;\s*/)
    if (!cookies.some((cookie) => cookie.startsWith(`${cookieName}=`))) {
      return handler(request, env, ctx)
    }
    await session.load()
    const old = session.isNew ? await read(request, env) : undefined
    if (old?.userId !== undefined) await session.signIn(old.userId)
    if (old?.cart !== undefined) session.set('cart', [...old.cart])
    await session.commit()
    const result = await handler(request, env, ctx)
    const response =
      result instanceof Response ? new Response(result.body, result) : Response.json(result)
    // With path and domain as the old library has set it; or else a sign-out would be undone by it.
    response.headers.append('Set-Cookie', `${cookieName}=; Max-Age=0; Path=/`)
    return response
  })
}
// #endregion take-over
