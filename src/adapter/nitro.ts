import type { HasSession, Sessions } from '../request/create-sessions.ts'
import {
  type Layer,
  type NitroSessions,
  type NitroSessionsOptions,
  type Platform,
  runOf,
  sessionsFor,
} from './nitro-run.ts'

/**
 * Returns a plugin that adds a session to the handlers of Nitro 3, and `useEdgeSession(event)`, which returns the
 * session.
 *
 * The session is opened before the handlers and committed after them, with its cookie on the response of the handler or
 * the error handler. If a handler throws, recorded changes are dropped. The response is that of the error handler, with
 * the cookie of awaited changes. An uncaught `ERR_SESSION_ENDED` becomes 409, and `ERR_TOO_LARGE` 413. A store failure
 * is answered according to `onStoreFailure`.
 *
 * A thrown redirect is a normal response.
 */
export function nitroSessions<
  Data extends object,
  Env,
  Flash extends object,
  Methods extends object,
>(
  sessions: Sessions<Data, Env, Flash, Methods>,
  options?: NitroSessionsOptions,
): NitroSessions<HasSession<Data, Flash, Methods>['session']> {
  return sessionsFor(sessions, options, plug)
}

interface Request3 extends Request {
  readonly context?: object
  readonly runtime?: { readonly cloudflare?: Platform }
  waitUntil?(promise: Promise<unknown>): void
}

/** The used part of Nitro 3. */
interface Nitro3 {
  fetch: (input: Request3 | URL | string, init?: RequestInit, context?: object) => Promise<Response>
  readonly hooks: {
    hook(
      name: 'error',
      listener: (error: Error, context: { readonly event?: { readonly req: Request3 } }) => void,
    ): unknown
  }
}

function plug(nitroApp: object, { key, run }: Layer): void {
  // The public types are those of Nitro's own version of it.
  const app = nitroApp as Nitro3
  const { fetch } = app
  app.fetch = (input, init, context) =>
    input instanceof Request && init === undefined
      ? run(input, input.runtime?.cloudflare, (known) =>
          fetch(input, init, { ...context, [key]: known }),
        )
      : fetch(input, init, context)
  app.hooks.hook('error', (error, { event }) => {
    const known = runOf(event?.req.context, key)
    // h3 wraps the error that a handler throws.
    if (known !== undefined) known.caught = { error: error.cause ?? error }
  })
}
