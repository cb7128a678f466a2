import { SessionError } from '../errors.ts'
import type { Await } from '../record/store.ts'
import { dictionaryOf, Session } from '../session/session.ts'
import { answerError, isLate } from './failure.ts'
import { arrivalOf } from './open.ts'
import type { Settings } from './options.ts'
import { RequestSession } from './request-session.ts'
import { currentCookie, joinOther, withSessionHeaders } from './response.ts'
import type { RequestContext, Setup } from './setup.ts'
import { endedError } from './state.ts'
import { isStoreFailure } from './store-client.ts'

/** One `createSessions`. */
export interface Layer<Env> {
  readonly settings: Settings
  readonly setupFor: (env: Env, ctx: RequestContext) => Await<Setup>
}

/** What one wrapper leaves on a request for the next; properties, since routers pass proxies of a request on. */
interface Carrier {
  session?: unknown
  [mark: symbol]: unknown
}

/** The request's session: the one that was opened before, or is being opened, or a new one. Waits only if it has to. */
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
      (arrival) => new RequestSession({ settings, setup: made, request, env, ctx }, arrival),
    )
  const opening = setup instanceof Promise ? setup.then(arrive) : arrive(setup)
  return opening instanceof Promise ? shared(request, settings, opening) : opening
}

/** Has whoever opens the same request meanwhile get the same session. */
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
  // The mark is this layer's own, and so is what is under it.
  return carrier[mark] as Await<RequestSession> | undefined
}

/** Has the request's next wrappers of its layer find a session that is not `request.session`. */
export function keep(request: Request, session: RequestSession): void {
  carrierOf(request)[session.settings.mark] = session
}

/** The same request, as one that may carry a session. */
function carrierOf(request: object): Carrier {
  return request as Carrier
}

/** What is behind a session. Throws `ERR_OPTION` for anything else. */
export function requestSessionOf(session: object): RequestSession {
  const port = session instanceof Session ? dictionaryOf(session).port : undefined
  if (port instanceof RequestSession) return port
  throw new SessionError(
    'ERR_OPTION',
    'This is not a session. Use request.session inside withSession(handler), or what open() returns.',
  )
}

/** Begins a handler: the session becomes `request.session`. Returns what `leave` needs. */
export function enter(session: RequestSession, request: Request): unknown {
  session.depth += 1
  const carrier = carrierOf(request)
  const outer = carrier.session
  if (outer === session.session) return undefined
  // Of another layer, whose inner wrappers look for it.
  if (outer instanceof Session) keep(request, requestSessionOf(outer))
  carrier.session = session.session
  return outer
}

/** Ends what `enter` began: `request.session` is again what was there before, if there was anything. */
export function leave(session: RequestSession, request: Request, outer: unknown): void {
  session.depth -= 1
  if (session.depth === 0) session.close()
  if (outer === undefined) return
  keep(request, session)
  carrierOf(request).session = outer
}

/** The response to what a handler returned: after the commit, if this is the outermost wrapper of its layer. */
export function answer(session: RequestSession, result: unknown): Await<Response> {
  const response = result instanceof Response ? result : Response.json(result)
  // Inside another wrapper of this layer, that one commits, once for all.
  return session.depth > 1 ? response : commit(session, response)
}

/**
 * Writes what the session has recorded, and returns the response to send. A write that came too late is answered by 409
 * instead, or dropped, by `lateWrites`; a store that failed, by `onStoreFailure`. Throws any other error.
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
  const work = completion(session)
  return work === undefined
    ? withSessionHeaders(session, response)
    : afterWork(session, response, work)
}

/** Writes what is recorded, and does what comes after it; `undefined` if there is nothing to do. */
function completion(session: RequestSession): Promise<unknown> | undefined {
  const writing = session.dictionary.finish()
  return writing === undefined ? session.finish() : writing.then(() => session.finish())
}

function afterWork(
  session: RequestSession,
  response: Response,
  work: Promise<unknown> | undefined,
): Promise<Response> {
  return outcome(session, response, work).then(
    (instead) => instead ?? withSessionHeaders(session, response),
  )
}

/**
 * Writes what the session has recorded, for a framework that sends the response itself; from its call on every change
 * throws. Returns what to answer instead if that failed, and `undefined` if the response may leave, by `send`. Throws as
 * `commit` does.
 */
export async function settle(
  session: RequestSession,
  replaced?: Response,
): Promise<Response | undefined> {
  return outcome(session, replaced, completion(session))
}

/** Waits for the work. Returns what to answer instead if it failed. */
async function outcome(
  session: RequestSession,
  replaced: Response | undefined,
  work: Promise<unknown> | undefined,
): Promise<Response | undefined> {
  try {
    await work
  } catch (error) {
    const instead = await answerError(session, error, replaced)
    if (!session.settings.dropsLateWrites || !isLate(session, error)) return instead
  }
  return undefined
}

/**
 * The response to an error: nothing recorded is written. An error of the session's own becomes 409 or what
 * `onStoreFailure` says. For any other error it is the response that a framework has made of it, with the cookie of what
 * was awaited before; without one the error is thrown again.
 */
export async function fail(
  session: RequestSession,
  error: unknown,
  response?: Response,
): Promise<Response> {
  session.dictionary.discard()
  if (session.depth <= 1) session.dictionary.seal()
  if (response === undefined || isStoreFailure(error) || isLate(session, error)) {
    return answerError(session, error, response)
  }
  return session.depth > 1 ? response : afterWork(session, response, completion(session))
}

/** The response with the session's headers, after `settle`. */
export function send(session: RequestSession, response: Response): Await<Response> {
  return withSessionHeaders(session, response)
}

/** The Set-Cookie value for a framework that asks for it, after `settle`; empty for no session. */
export function cookieOf(session: RequestSession): Promise<string> {
  return currentCookie(session)
}

/** The error of a session that ended elsewhere while this request used it; `undefined` for any other session. */
export function lateError({ isOver }: RequestSession): SessionError | undefined {
  return isOver ? endedError() : undefined
}

/** Wraps a handler whose request has its session by then. */
export function wrap<Env>(
  layer: Layer<Env>,
  handler: (request: never, env: Env, ctx: never) => unknown,
): (request: Request, env: Env, ctx: unknown) => Promise<Response | undefined> {
  return (request, env, ctx) =>
    run(layer, { request, env, ctx }, () => handler(request as never, env, ctx as never))
}

/** Runs a handler: the session before it, the commit after it. */
export async function run<Env>(
  layer: Layer<Env>,
  { request, env, ctx }: { readonly request: Request; readonly env: Env; readonly ctx: unknown },
  handle: (session: RequestSession) => unknown,
): Promise<Response | undefined> {
  const opened = open(layer, request, env, ctx as RequestContext)
  // A promise costs time, here and below: what is there is taken as it is.
  const session = opened instanceof Promise ? await opened : opened
  const outer = enter(session, request)
  try {
    const handled = handle(session)
    const result = handled instanceof Response ? handled : await handled
    if (result === undefined) return undefined
    const answered = answer(session, result)
    return answered instanceof Promise ? await answered : answered
  } catch (error) {
    return await fail(session, error)
  } finally {
    leave(session, request, outer)
  }
}
