import { SessionError } from '../errors.ts'
import type { Await } from '../record/store.ts'
import { commitChanges } from '../session/changes.ts'
import { savepointOf } from '../session/savepoint.ts'
import { dictionaryOf, Session } from '../session/session.ts'
import { afterFailedWork, cookieOf, discardOf, fail, lateError, send, settle } from './failure.ts'
import { joinOther } from './join-other.ts'
import { arrivalOf } from './open.ts'
import type { Settings } from './options.ts'
import type { Entered } from './origin.ts'
import { RequestSession } from './request-session.ts'
import { withSessionHeaders } from './response.ts'
import { isResponse, responseOf } from './result.ts'
import type { RequestContext, Setup } from './setup.ts'

export { cookieOf, fail, isResponse, lateError, responseOf, send, settle }

/** The session layer of one `createSessions` call. */
export interface Layer<Env> {
  readonly settings: Settings
  readonly setupFor: (env: Env, ctx: RequestContext) => Await<Setup>
}

export interface TouchOption {
  /** False if requests such as polls do not count as use, so that they do not extend the idle timeout. Default true. */
  readonly touch?: boolean | undefined
}

/**
 * The properties that one wrapper sets on a request for the next. They are properties because routers pass on proxies
 * of a request.
 */
interface Carrier {
  session?: unknown
  [mark: symbol]: unknown
}

/** Returns the request's session: one that is already open or being opened, or a new one. Waits only if necessary. */
export function open<Env>(
  layer: Layer<Env>,
  request: Request,
  env: Env,
  ctx?: RequestContext,
): Await<RequestSession> {
  const opened = openedOn(request, layer.settings)
  if (opened !== undefined) return opened
  const { settings } = layer
  const setup = layer.setupFor(env, ctx)
  const arrive = (made: Setup): Await<RequestSession> =>
    arrivalOf(
      settings,
      made,
      request,
      (arrival, current) =>
        new RequestSession({ settings, setup: current, request, env, ctx }, arrival),
    )
  const opening = setup instanceof Promise ? setup.then(arrive) : arrive(setup)
  return opening instanceof Promise ? shared(request, settings, opening) : opening
}

/** Shares the session with other calls that open the same request in the meantime. */
function shared(
  request: Request,
  { mark }: Settings,
  opening: Promise<RequestSession>,
): Promise<RequestSession> {
  const carrier = carrierOf(request)
  carrier[mark] = opening
  opening.then(
    (opened) => (carrier[mark] = opened),
    () => (carrier[mark] = undefined),
  )
  return opening
}

function openedOn(request: Request, { mark }: Settings): Await<RequestSession> | undefined {
  const carrier = carrierOf(request)
  const { session } = carrier
  if (session instanceof Session) {
    const shown = requestSessionOf(session)
    if (shown.settings.mark === mark) return shown
  }
  // The mark belongs to this layer only, and so does the value.
  return carrier[mark] as Await<RequestSession> | undefined
}

/** Stores a session that is not `request.session` for the next wrappers of its layer. */
export function keep(request: Request, session: RequestSession): void {
  carrierOf(request)[session.settings.mark] = session
}

/** Returns the same request, typed to carry a session. */
function carrierOf(request: object): Carrier {
  return request as Carrier
}

/** Returns the request session of a public session. Throws `ERR_OPTION` for anything else. */
export function requestSessionOf(session: object): RequestSession {
  const port = session instanceof Session ? dictionaryOf(session).port : undefined
  if (port instanceof RequestSession) return port
  throw new SessionError(
    'ERR_OPTION',
    'This is not a session. Use request.session inside withSession(handler), or what open() returns.',
  )
}

/** Begins a handler: the session becomes `request.session`. Returns the value that `leave` needs. */
export function enter(session: RequestSession, request: Request): Entered {
  // If an inner handler fails, it drops only its own recorded changes.
  const savepoint = session.depth > 0 ? savepointOf(session.dictionary.changes) : undefined
  session.depth += 1
  const carrier = carrierOf(request)
  const { session: present } = carrier
  const outer = present === session.session ? undefined : present
  const entered = { outer, savepoint }
  session.entered.push(entered)
  if (outer === undefined && present !== undefined) return entered
  // The session belongs to another layer, whose inner wrappers look for it.
  if (outer instanceof Session) keep(request, requestSessionOf(outer))
  carrier.session = session.session
  return entered
}

/** Ends what `enter` began: restores the previous `request.session`, if there was one. */
export function leave(session: RequestSession, request: Request, entered: Entered): void {
  session.depth -= 1
  session.entered.splice(session.entered.indexOf(entered), 1)
  if (session.depth === 0) session.close()
  if (entered.outer === undefined) return
  keep(request, session)
  carrierOf(request).session = entered.outer
}

/** Returns the response for a handler's result: after the commit, if this is the outermost wrapper of its layer. */
export function answer(session: RequestSession, result: unknown): Await<Response> {
  const response = result instanceof Response ? result : responseOf(result)
  // Inside another wrapper of this layer, the outer one commits, once for all.
  return session.depth > 1 ? response : commit(session, response)
}

/**
 * Returns an inner wrapper's response after writing its handler's changes. Two wrappers that run at once for one
 * request look the same, but send their responses separately. If the store is not atomic, the outermost wrapper writes
 * once for all.
 */
function answerInside(session: RequestSession, result: unknown, entered: Entered): Await<Response> {
  const response = result instanceof Response ? result : responseOf(result)
  if (!session.store.can.atomic || !session.isUsed) return response
  const write = async (): Promise<void> => {
    try {
      await commitChanges(session.dictionary, entered.savepoint)
    } catch (error) {
      discardOf(session, entered)
      throw error
    }
    // Before a new cookie is sent, as at the end of the request.
    if (session.token !== session.arrival.token) await session.finish()
  }
  return afterWork(session, response, write())
}

/**
 * Writes the recorded changes. Returns the response to send. A late write becomes a 409 response, or is dropped,
 * depending on `lateWrites`. A store failure is handled by `onStoreFailure`. Throws any other error.
 */
export function commit(session: RequestSession, response: Response): Await<Response> {
  const { dictionary, state, isUsed, arrival } = session
  if (!isUsed && !arrival.isOldKey) {
    dictionary.seal()
    return response
  }
  if (state.is === 'none' && dictionary.isDirty && response.headers.has('Set-Cookie')) {
    return joinOther(session, response).then(() => written(session, response))
  }
  return written(session, response)
}

function written(session: RequestSession, response: Response): Await<Response> {
  const work = session.complete()
  return work === undefined
    ? withSessionHeaders(session, response)
    : afterWork(session, response, work)
}

function afterWork(
  session: RequestSession,
  response: Response,
  work: Promise<unknown>,
): Promise<Response> {
  return work.then(
    () => withSessionHeaders(session, response),
    (error: unknown) => afterFailedWork(session, error, response),
  )
}

/** Wraps a handler. Its request has the session before it runs. */
export function wrap<Env>(
  layer: Layer<Env>,
  handler: (request: never, env: Env, ctx: never) => unknown,
  options?: TouchOption,
): (request: Request, env: Env, ctx: unknown) => Promise<Response | undefined> {
  return (request, env, ctx) =>
    run(
      layer,
      { request, env, ctx },
      () => handler(request as never, env, ctx as never),
      options?.touch,
    )
}

/** Returns a feature's response to a request that belongs to it, or `undefined` for any other. */
export function ownAnswerOf(session: RequestSession): Promise<Response> | undefined {
  return session.depth > 1 ? undefined : session.settings.hooks.answer?.(session)
}

/** Opens the session, runs a handler, and commits. */
export async function run<Env>(
  layer: Layer<Env>,
  { request, env, ctx }: { readonly request: Request; readonly env: Env; readonly ctx: unknown },
  handle: (session: RequestSession) => unknown,
  touch?: boolean,
): Promise<Response | undefined> {
  const opened = open(layer, request, env, ctx as RequestContext)
  // A promise costs time, here and below, so a value that is already available is not awaited.
  const session = opened instanceof Promise ? await opened : opened
  if (touch === false) session.poll()
  const entered = enter(session, request)
  try {
    const handled = ownAnswerOf(session) ?? handle(session)
    const result = handled instanceof Response ? handled : await handled
    if (result === undefined) return undefined
    const answered =
      session.depth > 1 ? answerInside(session, result, entered) : answer(session, result)
    return answered instanceof Promise ? await answered : answered
  } catch (error) {
    return await fail(session, error, { entered })
  } finally {
    leave(session, request, entered)
  }
}
