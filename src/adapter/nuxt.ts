import type { HasSession, Sessions } from '../request/create-sessions.ts'
import {
  type Context,
  type Layer,
  type NitroSessions,
  type NitroSessionsOptions,
  type Platform,
  sessionsFor,
} from './nitro-run.ts'

/**
 * Returns the plugin that adds a session to the handlers of Nuxt 4 and of Nitro 2, and `useEdgeSession(event)`, which returns it. Nuxt imports what
 * `server/utils/` exports into every handler.
 *
 * The session is opened before the handlers and committed after them, with its cookie on the response, whatever made that:
 * a handler, a page or the error handler. If a handler throws, recorded changes are dropped. The response is that of the
 * error handler, with the cookie of awaited changes. An uncaught `ERR_SESSION_ENDED` becomes 409, and `ERR_TOO_LARGE` 413. A
 * failed store is answered as `onStoreFailure` says.
 *
 * A request of the server to itself that passes on the event, as `useFetch` does while a page renders, has the session of the
 * page, which sends its cookie.
 */
export function nuxtSessions<
  Data extends object,
  Env,
  Flash extends object,
  Methods extends object,
>(
  sessions: Sessions<Data, Env, Flash, Methods>,
  options: NitroSessionsOptions = {},
): NitroSessions<HasSession<Data, Flash, Methods>['session']> {
  return sessionsFor(sessions, options, plug)
}

interface Context2 extends Context {
  readonly _platform?: { readonly cloudflare?: Platform }
}

interface Init2 extends RequestInit {
  readonly context?: Context2
}

interface Event2 {
  readonly method: string
  readonly path: string
  readonly headers: Headers
  readonly node: { readonly req: { readonly __unenv__?: Context2 } }
  respondWith(response: Response): Promise<void>
}

/** The used part of Nitro 2. */
interface Nitro2 {
  localFetch: (path: string, init?: Init2) => Promise<Response>
  readonly h3App: { handler: (event: Event2) => unknown }
}

function plug(nitroApp: object, { key, run }: Layer): void {
  // Its public types are those of its own version.
  const app = nitroApp as Nitro2
  const { localFetch } = app
  const { handler } = app.h3App

  const dispatch = (request: Request, from: Platform | undefined, path: string, init: Init2) =>
    run(request, from, (known) => {
      const { _platform: platform } = init.context ?? {}
      // The event gets a copy of `_platform`, and passes it on to the requests of the server to itself.
      const context = { ...init.context, _platform: { ...platform, [key]: known } }
      known.context = context
      return localFetch(path, { ...init, context })
    })

  app.localFetch = (path, init = {}) => {
    const { _platform: platform } = init.context ?? {}
    const from = platform?.cloudflare
    return from?.request === undefined
      ? localFetch(path, init)
      : dispatch(from.request, from, path, init)
  }

  app.h3App.handler = async (event) => {
    const { req } = event.node
    // In development the request comes from Node's server, and not by `localFetch`.
    if (!('__unenv__' in req)) {
      const { method, path, headers } = event
      const request = new Request(`http://${headers.get('host')}${path}`, { method, headers })
      // Node takes its own streams for bodies.
      const body = await new Response(req as BodyInit).bytes()
      return event.respondWith(await dispatch(request, undefined, path, { method, headers, body }))
    }
    const { __unenv__: context } = req
    try {
      return await handler(event)
    } catch (error) {
      // Of the event from outside it is what `dispatch` has made, and of others the context of an event.
      if (context !== undefined) context.sessionError = { error }
      throw error
    }
  }
}
