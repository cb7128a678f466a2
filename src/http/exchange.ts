import type { Session } from '../session/session.ts'
import { openVisit } from './open.ts'
import type { Settings } from './options.ts'
import type { Setup } from './setup.ts'
import type { Visit } from './visit.ts'

/** One `createSessions`: its settings, and its own mark on the requests that it has opened. */
export interface Layer<Data extends object, Env, Flash extends object> {
  readonly settings: Settings<Env>
  readonly setupFor: (env: Env) => Setup | Promise<Setup>
  /** No request has this property but by `enter`, which puts the exchange there. */
  readonly mark: symbol
  readonly newSession: (visit: Visit) => Session<Data, Flash>
}

/** One request's session, and how many wrappers are around its handler at the moment. */
export interface Exchange<Data extends object, Flash extends object> {
  readonly session: Session<Data, Flash>
  readonly visit: Visit
  depth: number
}

/** What one wrapper leaves on a request for the next; properties, since routers pass proxies of a request on. */
interface Carrier<Data extends object, Flash extends object> {
  session?: unknown
  [mark: symbol]: Exchange<Data, Flash> | undefined
}

/** The same request, as one that may carry a session. */
export function carrierOf<Data extends object, Flash extends object>(
  request: object,
): Carrier<Data, Flash> {
  return request as Carrier<Data, Flash>
}

/** The request's exchange: the one that an earlier wrapper has begun, or a new one. */
export async function enter<Data extends object, Env, Flash extends object>(
  layer: Layer<Data, Env, Flash>,
  request: Request,
  env: Env,
): Promise<Exchange<Data, Flash>> {
  const carrier = carrierOf<Data, Flash>(request)
  const begun = carrier[layer.mark]
  if (begun !== undefined) return begun
  const visit = await openVisit(layer.settings, await layer.setupFor(env), request)
  const exchange = { session: layer.newSession(visit), visit, depth: 0 }
  carrier[layer.mark] = exchange
  return exchange
}
