import type { HasSession, RequestContext, Sessions } from '../request/create-sessions.ts'
import { answer, enter, fail, leave, ownAnswerOf, requestSessionOf } from '../request/lifecycle.ts'

/** An error that a framework caught and turned into a response. */
export interface Caught {
  readonly error: unknown
}

interface Call<Env> {
  readonly request: Request
  readonly env: Env
  readonly ctx: Pick<RequestContext, 'waitUntil'> | undefined
  /** False if the request does not count as use of the session. */
  readonly touch: boolean | undefined
}

type Opened = ReturnType<typeof requestSessionOf>

/**
 * Opens the session, lets the framework respond, and commits. `caughtBy` returns the error that the framework caught
 * and turned into this response, if any. Then nothing recorded is written, and an error of the session is answered as
 * by `withSession`.
 */
export async function runCaught<
  Data extends object,
  Env,
  Flash extends object,
  Methods extends object,
>(
  sessions: Sessions<Data, Env, Flash, Methods>,
  { request, env, ctx, touch }: Call<Env>,
  respond: (session: HasSession<Data, Flash, Methods>['session']) => Response | Promise<Response>,
  caughtBy: (response: Response, session: Opened) => Caught | undefined,
): Promise<Response> {
  const opened = await sessions.open(request, env, ctx)
  const session = requestSessionOf(opened)
  const entered = enter(session, request)
  if (touch === false) session.poll()
  try {
    const response = await (ownAnswerOf(session) ?? respond(opened))
    const caught = caughtBy(response, session)
    return caught === undefined
      ? await answer(session, response)
      : await fail(session, caught.error, { response, entered })
  } catch (error) {
    return await fail(session, error, { entered })
  } finally {
    leave(session, request, entered)
  }
}
