import { SessionError } from '../errors.ts'
import type { Await } from '../record/store.ts'
import { dictionaryOf, Session } from '../session/session.ts'
import { arrivalOf } from './open.ts'
import type { Settings } from './options.ts'
import { lateWriteResponse, unavailableResponse } from './problem.ts'
import { RequestSession } from './request-session.ts'
import { currentCookie, joinOther, withSessionHeaders, withSuccessor } from './response.ts'
import type { RequestContext, Setup } from './setup.ts'
import { endedError, isOver } from './state.ts'
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
  const arrive = (made: Setup): Await<RequestSession> => {
    const arrival = arrivalOf(settings, made, request)
    const origin = { settings, setup: made, request, env, ctx }
    return arrival instanceof Promise
      ? arrival.then((found) => new RequestSession(origin, found))
      : new RequestSession(origin, arrival)
  }
  const opening = setup instanceof Promise ? setup.then(arrive) : arrive(setup)
  return opening instanceof Promise ? shared(request, settings, opening) : opening
}

/** Has whoever opens the same request meanwhile get the same session. */
async function shared(
  request: Request,
  { mark }: Settings,
  opening: Promise<RequestSession>,
): Promise<RequestSession> {
  const carrier = carrierOf(request)
  carrier[mark] = opening
  try {
    const opened = await opening
    carrier[mark] = opened
    return opened
  } catch (error) {
    carrier[mark] = undefined
    throw error
  }
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
  const writing = session.dictionary.finish()
  const finishing = writing === undefined ? session.finish() : undefined
  if (writing === undefined && finishing === undefined) return withSessionHeaders(session, response)
  return afterWriting(session, response, writing ?? finishing)
}

async function afterWriting(
  session: RequestSession,
  response: Response,
  writing: Promise<void> | undefined,
): Promise<Response> {
  return (await settle(session, response, writing)) ?? withSessionHeaders(session, response)
}

/**
 * Writes what the session has recorded; from its call on every change throws. Returns what to answer instead if that
 * failed, and `undefined` if the response may leave, by `send`. Throws as `commit` does.
 */
export async function settle(
  session: RequestSession,
  replaced?: Response,
  writing: Promise<void> | undefined = session.dictionary.finish(),
): Promise<Response | undefined> {
  try {
    await writing
    const finishing = session.finish()
    if (finishing !== undefined) await finishing
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
  return session.depth > 1 ? response : afterWriting(session, response, undefined)
}

/** The answer to an error of the session's: that it ended elsewhere, or that its store failed. Throws any other again. */
async function answerError(
  session: RequestSession,
  error: unknown,
  replaced: Response | undefined,
): Promise<Response> {
  if (isStoreFailure(error)) {
    // Without a cookie of this request's: what should have gone with its token may not be there.
    const { onStoreFailure } = session.settings
    const made: unknown =
      typeof onStoreFailure === 'string' ? undefined : await onStoreFailure(error, session.request)
    const response = made instanceof Response ? made : unavailableResponse()
    return withSuccessor(session, replaced, response)
  }
  if (!isLate(session, error)) throw error
  session.dictionary.discard()
  return withSessionHeaders(session, withSuccessor(session, replaced, lateWriteResponse()))
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
export function lateError({ state }: RequestSession): SessionError | undefined {
  return isOver(state) ? endedError() : undefined
}

/** True if the session was ended elsewhere; what this request did to its own is a fault of the program. */
function isLate({ state }: RequestSession, error: unknown): boolean {
  return error instanceof SessionError && error.code === 'ERR_SESSION_ENDED' && isOver(state)
}

/** Runs a wrapped handler: the session before it, the commit after it. */
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
