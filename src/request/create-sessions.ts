import type { AnyData } from '../session/data.ts'
import type { Session } from '../session/session.ts'
import { resolveOptions } from './defaults.ts'
import type { Feature, LayerCall } from './feature.ts'
import { commit, keep, type Layer, open, requestSessionOf, run, wrap } from './lifecycle.ts'
import type { SessionOptions } from './options.ts'
import { setupFactory } from './setup.ts'
import { StoreClient } from './store-client.ts'

/** What a handler is called with after its request and `env`; Workers' `ExecutionContext` is one. */
export interface RequestContext {
  waitUntil(promise: Promise<unknown>): void
  passThroughOnException(): void
}

/**
 * A handler's request if nothing else is said: a Request on which a router has put its parameters, as loosely typed as
 * routers type them (itty-router's `IRequest` has `any` there).
 */
export type RoutedRequest = Request & { readonly params: ReturnType<typeof JSON.parse> }

/** What a wrapper is called with: the handler's own kind of request, or any if the handler asks for no other. */
export type Incoming<R> = RoutedRequest extends R ? Request : R

/** What a wrapped handler returns: a Response, or `undefined` too if the handler may leave the request to another. */
export type Answer<Result> = 0 extends 1 & Awaited<Result>
  ? Response
  : undefined extends Awaited<Result>
    ? Response | undefined
    : Response

/** What a wrapped handler finds on its request. `Methods` are those of the features in `use`. */
export interface HasSession<Data extends object, Flash extends object, Methods = object> {
  readonly session: Session<Data, Flash> & Methods
}

/**
 * The type of `withSession`. The plain case comes first: there a guard between the two knows what it is given, which it
 * could not tell from a type that is still to be found.
 */
interface WithSession<Data extends object, Env, Flash extends object, Methods> {
  <Result>(
    handler: (
      request: RoutedRequest & HasSession<Data, Flash, Methods>,
      env: Env,
      ctx: RequestContext,
    ) => Result,
  ): (request: Request, env: Env, ctx: RequestContext) => Promise<Answer<Result>>

  <R extends Request = RoutedRequest, Result = unknown, Context = RequestContext>(
    handler: (request: R & HasSession<Data, Flash, Methods>, env: Env, ctx: Context) => Result,
  ): (request: Incoming<R>, env: Env, ctx: Context) => Promise<Answer<Result>>
}

/** What `createSessions` returns. Its functions need no `this`. */
export interface Sessions<
  Data extends object,
  Env,
  Flash extends object,
  Methods extends object = object,
> {
  /**
   * Wraps a route or a whole `fetch`: the session is `request.session`; after the handler it is committed, and its cookie
   * is on the response. Anything other than a Response is sent as `Response.json(value)`. `undefined` passes through: the
   * next or the outer wrapper of the same request commits. If the handler throws, nothing recorded is written, and the
   * exception passes on; `ERR_SESSION_ENDED` becomes 409.
   */
  readonly withSession: WithSession<Data, Env, Flash, Methods>

  /**
   * Returns the request's session, the same one each time; for frameworks that make the response themselves. With `ctx`,
   * work that the response need not wait for is done after it.
   */
  readonly open: (
    request: Request,
    env: Env,
    ctx?: Pick<RequestContext, 'waitUntil'>,
  ) => Promise<Session<Data, Flash> & Methods>

  /** Writes what the session has recorded, and returns the response to send: this one with its cookie, or 409. */
  readonly commit: (session: Session<Data, Flash>, response: Response) => Promise<Response>

  /**
   * Both halves in one call: opens the request's session, calls `handle` with it, and commits. Errors are answered as
   * `withSession` answers them, so that a dead cookie is cleared.
   */
  readonly run: <Result>(
    request: Request,
    env: Env,
    handle: (session: Session<Data, Flash> & Methods) => Result,
    ctx?: Pick<RequestContext, 'waitUntil'>,
  ) => Promise<Answer<Result>>
}

/** The methods that the features of a tuple add to the session, and hints for those that are missing. */
export type MethodsOf<Use> = Omit<Hints, keyof AddedBy<Use>> & AddedBy<Use>

/** What the features of a tuple add to the session. */
type AddedBy<Use> = Use extends readonly [infer First, ...infer Rest]
  ? (First extends Feature<infer Methods> ? Methods : object) & AddedBy<Rest>
  : object

/** What the features of a tuple add to `sessions`. */
export type MoreOf<Use> = Use extends readonly [infer First, ...infer Rest]
  ? (First extends Feature<object, infer More> ? More : object) & MoreOf<Rest>
  : object

/** Has a method of a feature that is not in use not compile, and the error say what to add. */
interface Hints {
  readonly signIn: AddAccounts
  readonly signOut: AddAccounts
  /** Not a text, which would pass for a user's id. */
  readonly userId: { readonly missing: AddAccounts }
  readonly authenticatedAt: AddAccounts
  readonly aal: AddAccounts
}

type AddAccounts =
  'Add accounts() of edge-session/accounts to use. Give the data by data: json<Data>(), not by type arguments.'

/**
 * The session layer of one Worker. Throws `ERR_OPTION` for options that can't work; what depends on `env`, the secrets
 * and the store's binding, is checked by the first request.
 */
export function createSessions<
  Data extends object = AnyData,
  Env = unknown,
  Flash extends object = AnyData,
  const Use extends readonly Feature[] = readonly Feature[],
>(
  options: SessionOptions<Env, Data, Flash, Use>,
): Sessions<Data, Env, Flash, MethodsOf<Use>> & MoreOf<Use> {
  type Methods = MethodsOf<Use>
  const settings = resolveOptions(options as object as SessionOptions<never>)
  const layer: Layer<Env> = { settings, setupFor: setupFactory(options, settings) }
  // On Workers no request may use the timer of another, so each call has a client of its own.
  const callOnce: LayerCall = async (store, method, call) =>
    new StoreClient(settings, { id: '', depth: 0 }).call(store, method, call)
  const more = (options.use ?? []).map((feature) => feature.more?.(settings, callOnce))
  const sessions: Sessions<Data, Env, Flash, Methods> = {
    // By the time that the handler runs, the request has its session; and only a handler that returns undefined gets it.
    withSession: <R extends Request, Result, Context>(
      handler: (request: R & HasSession<Data, Flash, Methods>, env: Env, ctx: Context) => Result,
    ) =>
      wrap(layer, handler) as (
        request: Incoming<R>,
        env: Env,
        ctx: Context,
      ) => Promise<Answer<Result>>,
    open: async (request, env, ctx) => {
      const opened = await open(layer, request, env, ctx)
      keep(request, opened)
      return opened.session as Session<Data, Flash> & Methods
    },
    commit: async (session, response) => commit(requestSessionOf(session), response),
    run: <Result>(
      request: Request,
      env: Env,
      handle: (session: Session<Data, Flash> & Methods) => Result,
      ctx?: Pick<RequestContext, 'waitUntil'>,
    ) =>
      run(layer, { request, env, ctx }, ({ session }) =>
        handle(session as Session<Data, Flash> & Methods),
      ) as Promise<Answer<Result>>,
  }
  return Object.assign(sessions, ...more) as typeof sessions & MoreOf<Use>
}
