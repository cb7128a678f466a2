import type { SessionError } from '../errors.ts'
import type { Await } from '../record/store.ts'
import { Session } from '../session/session.ts'
import { carrierOf, keep, openedOn, requestSessionOf, shared } from './carrier.ts'
import { answerError, isLate, ownAnswer } from './failure.ts'
import { arrivalOf } from './open.ts'
import type { Settings } from './options.ts'
import { type Entered, RequestSession } from './request-session.ts'
import { currentCookie, joinOther, withSessionHeaders } from './response.ts'
import type { RequestContext, Setup } from './setup.ts'
import { endedError } from './state.ts'

export { requestSessionOf }

/** The session layer of one `createSessions` call. */
export interface Layer<Env> {
  readonly settings: Settings
  readonly setupFor: (env: Env, ctx: RequestContext) => Await<Setup>
}

/** Returns the request's session: the one already opened or being opened, or a new one. Waits only if it must. */
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

/** Begins a handler: the session becomes `request.session`. Returns the value that `leave` needs. */
export function enter(session: RequestSession, request: Request): Entered {
  // An inner handler that fails drops what it recorded itself, and no more.
  const savepoint = session.depth > 0 ? session.dictionary.savepoint() : undefined
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
  const response = result instanceof Response ? result : Response.json(result)
  // Inside another wrapper of this layer, the outer one commits, once for all.
  return session.depth > 1 ? response : commit(session, response)
}

/**
 * Returns the response of an inner wrapper after writing what its handler recorded, because two wrappers at once over one
 * request look the same, and each response is then sent by itself. If the store is not atomic, the outermost wrapper
 * writes once for all.
 */
function answerInside(session: RequestSession, result: unknown, entered: Entered): Await<Response> {
  const response = result instanceof Response ? result : Response.json(result)
  if (!session.store.can.atomic || !session.isUsed) return response
  const writing = session.dictionary.commit(entered.savepoint)?.catch((error: unknown) => {
    session.discardOf(entered)
    throw error
  })
  return writing === undefined
    ? withSessionHeaders(session, response)
    : afterWork(session, response, writing)
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
  const work = completion(session)
  return work === undefined
    ? withSessionHeaders(session, response)
    : afterWork(session, response, work)
}

/** Writes the recorded changes, then finishes the session. Returns `undefined` if there is nothing to do. */
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
 * Writes the recorded changes, for a framework that sends the response itself. From this call on, every change throws.
 * Returns the response to send instead if the write failed. Returns `undefined` if the response may be sent, with
 * `send`. Throws the same errors as `commit`.
 */
export async function settle(
  session: RequestSession,
  replaced?: Response,
): Promise<Response | undefined> {
  return outcome(session, replaced, completion(session))
}

/** Waits for the work. Returns the response to send instead if it failed. */
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

interface Failing {
  /** The framework's response to the error. */
  readonly response?: Response
  readonly isLast?: boolean
  /** The handler that failed. By default the innermost. */
  readonly entered?: Entered
}

/**
 * Returns the response to an error; nothing recorded is written. A session error becomes a 409 response, or the
 * response of `onStoreFailure`. For any other error, returns the framework's response to it with the cookie of the
 * changes already written. Without such a response the error is rethrown.
 * Later changes throw, unless `isLast` is false, because the framework asks the application for a response.
 */
export async function fail(
  session: RequestSession,
  error: unknown,
  { response, isLast = true, entered }: Failing = {},
): Promise<Response> {
  session.discardOf(entered)
  const own = await ownAnswer(session, error, response)
  const isOutermost = session.depth <= 1
  if (isOutermost && isLast) session.dictionary.seal()
  if (own !== undefined) return own
  if (response !== undefined) return isOutermost ? afterFailure(session, response) : response
  if (isOutermost) await session.abandon()
  throw error
}

/** Returns the framework's response to an error, with the cookie of the changes already written. */
async function afterFailure(session: RequestSession, response: Response): Promise<Response> {
  try {
    return await afterWork(session, response, completion(session))
  } catch {
    // The framework has answered the first error, and the session's own errors have become answers.
    return withSessionHeaders(session, response)
  }
}

/** Returns the response with the headers of the session. Call it after `settle`. */
export function send(session: RequestSession, response: Response): Await<Response> {
  return withSessionHeaders(session, response)
}

/** Returns the Set-Cookie value for a framework that asks for it, after `settle`; empty if there is no session. */
export function cookieOf(session: RequestSession): Promise<string> {
  return currentCookie(session)
}

/** Returns the error if the session ended elsewhere while this request used it; otherwise `undefined`. */
export function lateError({ isOver }: RequestSession): SessionError | undefined {
  return isOver ? endedError() : undefined
}

/** Wraps a handler. Its request has the session before it runs. */
export function wrap<Env>(
  layer: Layer<Env>,
  handler: (request: never, env: Env, ctx: never) => unknown,
): (request: Request, env: Env, ctx: unknown) => Promise<Response | undefined> {
  return (request, env, ctx) =>
    run(layer, { request, env, ctx }, () => handler(request as never, env, ctx as never))
}

/** Opens the session, runs a handler, and commits. */
export async function run<Env>(
  layer: Layer<Env>,
  { request, env, ctx }: { readonly request: Request; readonly env: Env; readonly ctx: unknown },
  handle: (session: RequestSession) => unknown,
): Promise<Response | undefined> {
  const opened = open(layer, request, env, ctx as RequestContext)
  // A promise costs time, here and below, so a value that is already there is not awaited.
  const session = opened instanceof Promise ? await opened : opened
  const entered = enter(session, request)
  try {
    const handled = handle(session)
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
