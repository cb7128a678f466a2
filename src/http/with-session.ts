import { controlsOf } from '../session/session.ts'
import { commit, isLateWrite, respond } from './commit.ts'
import { carrierOf, enter, type Exchange, type Layer } from './exchange.ts'
import { lateWriteResponse } from './respond.ts'

/** Runs a wrapped handler: the session before it, the commit after it. */
export async function runWithSession<Data extends object, Env, Flash extends object>(
  layer: Layer<Data, Env, Flash>,
  request: Request,
  env: Env,
  handle: () => unknown,
): Promise<Response | undefined> {
  const exchange = await enter(layer, request, env)
  // Another layer's session may be on the request already, and is to be there again afterwards.
  const carrier = carrierOf(request)
  const outer = carrier.session
  carrier.session = exchange.session
  exchange.depth += 1
  try {
    return await answer(layer, exchange, handle)
  } catch (error) {
    controlsOf(exchange.session).discard()
    if (!isLateWrite(error, exchange.visit)) throw error
    return await respond(layer.settings, exchange.visit, lateWriteResponse())
  } finally {
    exchange.depth -= 1
    if (outer !== undefined) carrier.session = outer
  }
}

async function answer<Data extends object, Env, Flash extends object>(
  layer: Layer<Data, Env, Flash>,
  { session, visit, depth }: Exchange<Data, Flash>,
  handle: () => unknown,
): Promise<Response | undefined> {
  const result = await handle()
  if (result === undefined) return undefined
  const response = result instanceof Response ? result : Response.json(result)
  // Inside another wrapper of this layer, that one commits, once for all.
  return depth > 1 ? response : commit(layer.settings, session, visit, response)
}
