import { copyOf, Session } from '../session/session.ts'
import { answerError, commit } from './commit.ts'
import { openVisit } from './open.ts'
import type { Settings } from './options.ts'
import type { Setup } from './setup.ts'
import type { Visit } from './visit.ts'

/** One `createSessions`. */
export interface Layer<Env> {
  readonly settings: Settings<Env>
  readonly setupFor: (env: Env) => Setup | Promise<Setup>
}

/** What one wrapper leaves on a request for the next; properties, since routers pass proxies of a request on. */
interface Carrier {
  session?: unknown
  [mark: symbol]: unknown
}

/** The request's session: the one that an earlier wrapper has opened, or a new one. Waits only where it has to. */
export function open<Data extends object, Env, Flash extends object>(
  { settings, setupFor }: Layer<Env>,
  request: Request,
  env: Env,
): Session<Data, Flash> | Promise<Session<Data, Flash>> {
  const opened = openedOn<Data, Flash>(request, settings)
  if (opened !== undefined) return opened
  const sessionOf = ({ copy }: Visit): Session<Data, Flash> => new Session<Data, Flash>(copy)
  const setup = setupFor(env)
  const visit =
    setup instanceof Promise
      ? setup.then((made) => openVisit(settings, made, request))
      : openVisit(settings, setup, request)
  return visit instanceof Promise ? visit.then(sessionOf) : sessionOf(visit)
}

function openedOn<Data extends object, Flash extends object>(
  request: Request,
  { mark }: Settings<never>,
): Session<Data, Flash> | undefined {
  const carrier = carrierOf(request)
  const { session } = carrier
  const isOurs = session instanceof Session && visitOf(session).settings.mark === mark
  // The mark is this layer's own, and so is what is under it.
  return (isOurs ? session : carrier[mark]) as Session<Data, Flash> | undefined
}

/** Has the request's next wrappers of its layer find a session that is not `request.session`. */
export function keep<Data extends object, Flash extends object>(
  request: Request,
  session: Session<Data, Flash>,
): void {
  carrierOf(request)[visitOf(session).settings.mark] = session
}

/** Makes it `request.session`. Gives what was there before, which is to be there again afterwards. */
export function show<Data extends object, Flash extends object>(
  request: Request,
  session: Session<Data, Flash>,
): unknown {
  const carrier = carrierOf(request)
  const outer = carrier.session
  if (outer === session) return undefined
  // Of another layer, whose inner wrappers look for it.
  if (outer instanceof Session) keep(request, outer)
  carrier.session = session
  return outer
}

/** The same request, as one that may carry a session. */
function carrierOf(request: object): Carrier {
  return request as Carrier
}

/** The visit behind a session of this layer, which `open` has put there. */
export function visitOf<Data extends object, Flash extends object>(
  session: Session<Data, Flash>,
): Visit {
  return copyOf(session).port as Visit
}

/** Runs a wrapped handler: the session before it, the commit after it. */
export async function runWithSession<Env>(
  layer: Layer<Env>,
  { request, env, ctx }: { readonly request: Request; readonly env: Env; readonly ctx: unknown },
  handle: () => unknown,
): Promise<Response | undefined> {
  const opened = open(layer, request, env)
  // A promise costs time, here and below: what is there is taken as it is.
  const session = opened instanceof Promise ? await opened : opened
  const visit = visitOf(session)
  keepAtWork(visit, ctx)
  const outer = show(request, session)
  visit.depth += 1
  try {
    const handled = handle()
    const result = handled instanceof Response ? handled : await handled
    if (result === undefined) return undefined
    const answered = answer(layer.settings, visit, result)
    return answered instanceof Promise ? await answered : answered
  } catch (error) {
    visit.copy.discard()
    if (visit.depth === 1) visit.copy.seal()
    return await answerError(layer.settings, visit, error)
  } finally {
    visit.depth -= 1
    hide(request, session, outer)
  }
}

/** Undoes `show`: `request.session` is again what was there before, if there was anything. */
export function hide<Data extends object, Flash extends object>(
  request: Request,
  session: Session<Data, Flash>,
  outer: unknown,
): void {
  if (outer === undefined) return
  keep(request, session)
  carrierOf(request).session = outer
}

/** Lets the visit use what a Worker's context offers, where it is one. */
export function keepAtWork(visit: Visit, ctx: unknown): void {
  if (visit.setup.cache?.shared === undefined) return
  const context = (ctx ?? {}) as { waitUntil?: Visit['waitUntil'] }
  if (typeof context.waitUntil === 'function') {
    visit.waitUntil = (promise) => context.waitUntil?.(promise)
  }
}

function answer(
  settings: Settings<never>,
  visit: Visit,
  result: unknown,
): Response | Promise<Response> {
  const response = result instanceof Response ? result : Response.json(result)
  // Inside another wrapper of this layer, that one commits, once for all.
  return visit.depth > 1 ? response : commit(settings, visit, response)
}
