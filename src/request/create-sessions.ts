import type { Checking, DataSchema } from '../schema/standard-schema.ts'
import { checkUserId } from '../session/account.ts'
import type { AnyData } from '../session/data.ts'
import type { Session } from '../session/session.ts'
import type { UserSessions } from '../store/user-index/user-sessions.ts'
import { commit } from './commit.ts'
import { resolveOptions, type DataOptions, type SessionOptions } from './options.ts'
import { setupFactory, userIndexOf } from './setup.ts'
import { listContext, StoreCaller } from './store-caller.ts'
import { keep, keepAtWork, type Layer, open, runWithSession, visitOf } from './with-session.ts'

/** What a handler is called with after its request and `env`; Workers' `ExecutionContext` is one. */
export interface RequestContext {
  waitUntil(promise: Promise<unknown>): void
  passThroughOnException(): void
}

/**
 * What a handler's request is taken for when nothing else is said: a Request on which a router has put its parameters,
 * as loosely typed as routers type them (itty-router's `IRequest` has `any` there).
 */
export type RoutedRequest = Request & { readonly params: ReturnType<typeof JSON.parse> }

/** What a wrapper is called with: the handler's own kind of request, or any where the handler asks for no other. */
export type Incoming<R> = RoutedRequest extends R ? Request : R

/** What a wrapped handler gives: a Response, or `undefined` too where the handler may leave the request to another. */
export type Answer<Result> = 0 extends 1 & Awaited<Result>
  ? Response
  : undefined extends Awaited<Result>
    ? Response | undefined
    : Response

/** What a wrapped handler finds on its request. */
export interface HasSession<Data extends object, Flash extends object> {
  readonly session: Session<Data, Flash>
}

/**
 * The type of `withSession`. The plain case comes first: there a guard between the two knows what it is given, which it
 * could not tell from a type that is still to be found.
 */
interface WithSession<Data extends object, Env, Flash extends object> {
  <Result>(
    handler: (
      request: RoutedRequest & HasSession<Data, Flash>,
      env: Env,
      ctx: RequestContext,
    ) => Result,
  ): (request: Request, env: Env, ctx: RequestContext) => Promise<Answer<Result>>

  <R extends Request = RoutedRequest, Result = unknown, Context = RequestContext>(
    handler: (request: R & HasSession<Data, Flash>, env: Env, ctx: Context) => Result,
  ): (request: Incoming<R>, env: Env, ctx: Context) => Promise<Answer<Result>>
}

/** What `createSessions` gives. Its functions need no `this`. */
export interface Sessions<Data extends object, Env, Flash extends object> {
  /**
   * Wraps a route or a whole `fetch`: the session is `request.session`; after the handler it is committed, and its cookie
   * is on the response. What is no Response becomes `Response.json(value)`. `undefined` passes through: the next or the
   * outer wrapper of the same request commits. When the handler throws, nothing recorded is written, and the exception
   * passes on; `ERR_SESSION_ENDED` becomes 409.
   */
  readonly withSession: WithSession<Data, Env, Flash>

  /**
   * The request's session, the same one each time; for frameworks that make the response themselves. With `ctx`, what the
   * response need not wait for is done after it.
   */
  readonly open: (
    request: Request,
    env: Env,
    ctx?: Pick<RequestContext, 'waitUntil'>,
  ) => Promise<Session<Data, Flash>>

  /** Writes what the session has recorded, and gives the response to send: this one with its cookie, or 409. */
  readonly commit: (session: Session<Data, Flash>, response: Response) => Promise<Response>

  /**
   * A user's sessions, to list and to end. Makes no call. Throws `ERR_VALUE` for what is no user's id, and `ERR_BINDING`
   * without an index: the option `users`, and its Durable Object.
   */
  readonly user: (userId: string, env: Env) => UserSessions
}

/**
 * The session layer of one Worker. Throws `ERR_OPTION` for options that can't work; what depends on `env`, the secrets
 * and the store's binding, is checked by the first request.
 */
export function createSessions<
  Data extends object = AnyData,
  Env = unknown,
  Flash extends object = AnyData,
  In = unknown,
>(
  options: SessionOptions<Env> &
    DataOptions<Env, Data> & { readonly schema?: DataSchema<Data, In> } & Checking<Data, In>,
): Sessions<Data, Env, Flash> {
  const settings = resolveOptions(options)
  const layer: Layer<Env> = { settings, setupFor: setupFactory(settings) }
  return {
    // By the time that the handler runs, the request has its session; and only a handler that gives undefined gets it.
    withSession:
      <R extends Request, Result, Context>(
        handler: (request: R & HasSession<Data, Flash>, env: Env, ctx: Context) => Result,
      ) =>
      (request: Incoming<R>, env: Env, ctx: Context) =>
        runWithSession(layer, { request, env, ctx }, () =>
          handler(request as R & HasSession<Data, Flash>, env, ctx),
        ) as Promise<Answer<Result>>,
    open: async (request, env, ctx) => {
      const session = await open<Data, Env, Flash>(layer, request, env)
      keep(request, session)
      keepAtWork(visitOf(session), ctx)
      return session
    },
    commit: async (session, response) => commit(settings, visitOf(session), response),
    user: (userId, env) => {
      checkUserId(userId)
      const context = listContext(settings, new StoreCaller(settings, { id: '' }))
      return userIndexOf(settings, env).sessionsOf(userId, context)
    },
  }
}
