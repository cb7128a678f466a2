import { SessionError } from '../../errors.ts'

/** Returns the error for a feature that only workerd has. `binding` is the name of the binding to use instead. */
export function onlyInWorkerd(what: string, binding: string): SessionError {
  return new SessionError(
    'ERR_BINDING',
    `${what} is available in workerd only. Elsewhere pass the binding env.${binding} from Miniflare's getBindings() or wrangler's getPlatformProxy().`,
  )
}
