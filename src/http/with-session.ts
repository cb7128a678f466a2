import { copyOf, Session } from '../session/session.ts'
import { answerError, commit } from './commit.ts'
import { openVisit } from './open.ts'
import type { Settings } from './options.ts'
import type { Setup } from './setup.ts'
import type { Visit } from './visit.ts'

/** One `createSessions`: its settings, and its own mark on the requests that it has opened. */
export interface Layer<Env> {
  readonly settings: Settings<Env>
  readonly setupFor: (env: Env) => Setup | Promise<Setup>
  readonly mark: symbol
}

/** What one wrapper leaves on a request for the next; properties, since routers pass proxies of a request on. */
interface Carrier<Data extends object, Flash extends object> {
  session?: unknown
  [mark: symbol]: Session<Data, Flash> | undefined
}

/** The request's session: the one that an earlier wrapper has opened, or a new one. Waits only where it has to. */
export function open<Data extends object, Env, Flash extends object>(
  { settings, setupFor, mark }: Layer<Env>,
  request: Request,
  env: Env,
): Session<Data, Flash> | Promise<Session<Data, Flash>> {
  const carrier = carrierOf<Data, Flash>(request)
  const opened = carrier[mark]
  if (opened !== undefined) return opened
  const put = ({ copy }: Visit): Session<Data, Flash> => {
    const session = new Session<Data, Flash>(copy)
    carrier[mark] = session
    return session
  }
  const setup = setupFor(env)
  const visit =
    setup instanceof Promise
      ? setup.then((made) => openVisit(settings, made, request))
      : openVisit(settings, setup, request)
  return visit instanceof Promise ? visit.then(put) : put(visit)
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
  const carrier = carrierOf(request)
  keepAtWork(visit, ctx)
  // Another layer's session may be on the request already, and is to be there again afterwards.
  const outer = carrier.session
  carrier.session = session
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
    if (outer !== undefined) carrier.session = outer
  }
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

/** The same request, as one that may carry a session. */
function carrierOf<Data extends object, Flash extends object>(
  request: object,
): Carrier<Data, Flash> {
  return request as Carrier<Data, Flash>
}
