import { SessionError } from '../errors.ts'
import type { AnyData, Storable } from '../session/data.ts'
import type { Session } from '../session/session.ts'
import { resolveOptions, takenError } from './defaults.ts'
import type { Feature, LayerCall } from './feature.ts'
import {
  commit,
  keep,
  type Layer,
  open,
  requestSessionOf,
  run,
  type TouchOption,
  wrap,
} from './lifecycle.ts'
import type { SessionOptions } from './options.ts'
import { responseOf } from './result.ts'
import { setupFactory } from './setup.ts'
import { StoreClient } from './store-client.ts'

/** The third argument of a handler, after the request and `env`, such as the `ExecutionContext` of Workers. */
export interface RequestContext {
  waitUntil(promise: Promise<unknown>): void
  passThroughOnException(): void
}

type Any = ReturnType<typeof JSON.parse>

/**
 * The default type of a handler's third argument. It can be passed on to a framework: other members of an
 * `ExecutionContext`, which differ by runtime and version, are untyped.
 */
export interface HandlerContext extends RequestContext {
  readonly props: Any
  readonly exports: Any
  readonly tracing: Any
  readonly abort: Any
  readonly mapVirtualHost: Any
}

/**
 * The default type of a handler's request: a Request with the parameters that a router adds. They are typed as loosely
 * as in routers (`any` in itty-router's `IRequest`).
 */
export type RoutedRequest = Request & { readonly params: Any }

/** The request that a wrapper accepts: the handler's own type, or any Request if the handler needs no other. */
export type Incoming<R> = RoutedRequest extends R ? Request : R

/**
 * The response of a wrapped handler: a Response, or also `undefined` if the handler may leave the request to another.
 */
export type Answer<Result> = 0 extends 1 & Awaited<Result>
  ? Response
  : undefined extends Awaited<Result>
    ? Response | undefined
    : Response

/** The session property on a wrapped handler's request. `Methods` are those of the features in `use`. */
export interface HasSession<Data extends object, Flash extends object, Methods = object> {
  readonly session: Session<Data, Flash> & Methods
}

/** The type of a handler's `env`. Untyped if the options do not specify it. */
type HandlerEnv<Env> = unknown extends Env ? Any : Env

/**
 * The type of `withSession`. The plain case comes first, so that a guard between the wrapper and the handler infers its
 * types. It cannot infer them from an unresolved type parameter.
 */
interface WithSession<Data extends object, Env, Flash extends object, Methods> {
  <Result>(
    handler: (
      request: RoutedRequest & HasSession<Data, Flash, Methods>,
      env: HandlerEnv<Env>,
      ctx: HandlerContext,
    ) => Result,
    options?: TouchOption,
  ): (request: Request, env: Env, ctx?: RequestContext) => Promise<Answer<Result>>

  <R extends Request = RoutedRequest, Result = unknown, Context = RequestContext>(
    handler: (
      request: R & HasSession<Data, Flash, Methods>,
      env: HandlerEnv<Env>,
      ctx: Context,
    ) => Result,
    options?: TouchOption,
  ): (request: Incoming<R>, env: Env, ctx?: Context) => Promise<Answer<Result>>
}

/** The result of `createSessions`. Its functions do not use `this`. */
export interface Sessions<
  Data extends object,
  Env,
  Flash extends object,
  Methods extends object = object,
> {
  /**
   * Wraps a route or a whole `fetch`: the session is `request.session`. After the handler, the session is committed,
   * and its cookie is added to the response. Anything other than a Response is sent as `Response.json(value)`; a value
   * that JSON cannot represent, such as a Map, throws `ERR_VALUE`. `undefined` passes through: the next or the outer
   * wrapper of the same request commits. If the handler throws, nothing recorded is written, and the error is rethrown.
   * An uncaught `ERR_SESSION_ENDED` becomes a 409 response, and `ERR_TOO_LARGE` a 413.
   *
   * With `{ touch: false }` as the second argument, its requests do not count as use of the session, as with `load({
   * touch: false })`.
   */
  readonly withSession: WithSession<Data, Env, Flash, Methods>

  /**
   * Returns the request's session, the same one each time. For frameworks that make the response themselves. With
   * `ctx`, work that the response does not need continues after it.
   */
  readonly open: (
    request: Request,
    env: Env,
    ctx?: Pick<RequestContext, 'waitUntil'>,
  ) => Promise<Session<Data, Flash> & Methods>

  /** Writes the recorded changes. Returns the response to send: this one with its cookie, or a 409, 413 or 503. */
  readonly commit: (session: Session<Data, Flash>, response: Response) => Promise<Response>

  /**
   * Opens the request's session, calls `handle` with it, and commits. Errors are handled as in `withSession`, so a dead
   * cookie is cleared.
   */
  readonly run: (
    request: Request,
    env: Env,
    handle: (session: Session<Data, Flash> & Methods) => unknown,
    ctx?: Pick<RequestContext, 'waitUntil'>,
  ) => Promise<Response>
}

/** The session type of a layer: `SessionOf<typeof sessions>` is what `open` returns. */
export type SessionOf<S> =
  S extends Sessions<infer Data, infer _Env, infer Flash, infer Methods>
    ? HasSession<Data, Flash, Methods>['session']
    : never

/** The methods that a tuple of features adds to the session, and hints for the missing ones. */
export type MethodsOf<Use> = Omit<Hints, keyof AddedBy<Use>> & AddedBy<Use>

/** The methods that a tuple of features adds to the session. */
type AddedBy<Use> = Use extends readonly [infer First, ...infer Rest]
  ? (First extends Feature<infer Methods> ? Methods : object) & AddedBy<Rest>
  : object

/** The methods that a tuple of features adds to `sessions`. */
export type MoreOf<Use> = Use extends readonly [infer First, ...infer Rest]
  ? (First extends Feature<object, infer More> ? More : object) & MoreOf<Rest>
  : object

/** Makes the use of a missing feature a type error that says what to add. */
interface Hints {
  readonly signIn: AddAccounts
  readonly signOut: AddAccounts
  /** An object, because a string would be accepted as a user's id. */
  readonly userId: { readonly missing: AddAccounts }
  readonly authenticatedAt: AddAccounts
  readonly aal: AddAccounts
  readonly binding: AddFeature<'bound'>
  readonly once: AddFeature<'once'>
}

type AddAccounts = AddFeature<'accounts'>

type AddFeature<Name extends string> =
  `Add ${Name}() of edge-session/${Name} to use. Give the data by data: json<Data>(), not by type arguments.`

/** Requires a codec for data that JSON would change or drop. */
type CodecFor<Data, Flash> = [Data, Flash] extends [Storable<Data>, Storable<Flash>]
  ? unknown
  : CodecMissing<'JSON would change or drop a value of this type, such as a Date. Add data: serialized<Data>(devalue) of edge-session/serialize.'>

interface CodecMissing<_Advice extends string> {
  readonly data: object
}

/**
 * Returns the session layer of one Worker. Throws `ERR_OPTION` if an option is invalid. The secrets and the store's
 * binding depend on `env`, so the first request checks them.
 */
export function createSessions<
  Data extends object = AnyData,
  Env = unknown,
  Flash extends object = AnyData,
  const Use extends readonly Feature[] = readonly Feature[],
>(
  options: SessionOptions<Env, Data, Flash, Use> & CodecFor<Data, Flash>,
): Sessions<Data, Env, Flash, MethodsOf<Use>> & MoreOf<Use> {
  type Methods = MethodsOf<Use>
  const settings = resolveOptions(options as object as SessionOptions<never>)
  const layer: Layer<Env> = { settings, setupFor: setupFactory(options, settings) }
  // On Workers a request must not use another request's timer, so each call has its own client.
  const callOnce: LayerCall = async (store, method, call) =>
    new StoreClient(settings, { id: '', depth: 0, isUse: true }).call(store, method, call)
  const more = (options.use ?? []).map((feature) => feature.more?.(settings, callOnce))
  const sessions: Sessions<Data, Env, Flash, Methods> = {
    // The request has its session before the handler runs. The result is `undefined` only if the handler returns that.
    withSession: <R extends Request, Result, Context>(
      handler: (request: R & HasSession<Data, Flash, Methods>, env: Env, ctx: Context) => Result,
      touching?: TouchOption,
    ) =>
      wrap(layer, handler, touching) as (
        request: Incoming<R>,
        env: Env,
        ctx: Context,
      ) => Promise<Answer<Result>>,
    open: async (request, env, ctx) => {
      const opening = open(layer, request, env, ctx)
      // Before anything is awaited, so that a concurrent call for this request gets the same session.
      if (!(opening instanceof Promise)) keep(request, opening)
      const opened = await opening
      opened.isHeld = true
      return opened.session as Session<Data, Flash> & Methods
    },
    commit: async (session, response) => commit(requestSessionOf(session), responseOf(response)),
    run: (request, env, handle, ctx) =>
      run(layer, { request, env, ctx }, async ({ session }) => {
        const result: unknown = await handle(session as Session<Data, Flash> & Methods)
        if (result !== undefined) return result
        throw new SessionError(
          'ERR_OPTION',
          'run(): the handler returned nothing, so nothing was saved. Return a Response or a value.',
        )
      }) as Promise<Response>,
  }
  for (const added of more) {
    for (const name in added) {
      if (name in sessions) throw takenError(`sessions.${name}`)
    }
    Object.assign(sessions, added)
  }
  return sessions as typeof sessions & MoreOf<Use>
}
