import { SessionError } from '../../errors.ts'

/**
 * What is said where something is asked for that is in workerd alone; `binding` is the name of the binding to give
 * instead.
 */
export function onlyInWorkerd(what: string, binding: string): SessionError {
  return new SessionError(
    'ERR_BINDING',
    `${what} is in workerd only. Outside of it give the store the binding, env.${binding}, of Miniflare's getBindings() or wrangler's getPlatformProxy().`,
  )
}
