import type { HasSession, Sessions } from '../request/create-sessions.ts'
import {
  type Layer,
  type NitroSessions,
  type NitroSessionsOptions,
  type Platform,
  type Run,
  sessionsFor,
} from './nitro-run.ts'

/**
 * Returns a plugin that adds a session to the handlers of Nuxt 4 and Nitro 2, and `useEdgeSession(event)`, which
 * returns the session. Nuxt auto-imports the exports of `server/utils/` into every handler.
 *
 * The session is opened before the handlers and committed after them, with its cookie on the response of the handler,
 * the page or the error handler. If a handler throws, recorded changes are dropped. The response is that of the error
 * handler, with the cookie of awaited changes. An uncaught `ERR_SESSION_ENDED` becomes 409, and `ERR_TOO_LARGE` 413. A
 * store failure is answered according to `onStoreFailure`.
 *
 * If the server makes a request to itself and passes on the event, as `useFetch` does while it renders a page, the
 * request has the page's session, and the page's response sends the cookie.
 */
export function nuxtSessions<
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

interface Context2 extends Run {
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
  respondWith(response: Promise<Response>): Promise<void>
}

/** The used part of Nitro 2. */
interface Nitro2 {
  localFetch: (path: string, init?: Init2, given?: Request) => Promise<Response>
  readonly h3App: { handler: (event: Event2) => unknown }
}

function plug(nitroApp: object, { key, run }: Layer): void {
  // The public types are those of Nitro's own version of it.
  const app = nitroApp as Nitro2
  const { localFetch } = app
  const { handler } = app.h3App

  app.localFetch = (path, init = {}, given?: Request) => {
    const { _platform: platform } = init.context ?? {}
    const from = platform?.cloudflare
    const request = given ?? from?.request
    if (request === undefined) return localFetch(path, init)
    return run(request, from, (known) => {
      // The event gets a copy of `_platform`, and passes it on to the server's requests to itself.
      const own = { _platform: { ...platform, [key]: known } }
      return localFetch(path, { ...init, context: Object.assign(known, init.context, own) })
    })
  }

  app.h3App.handler = async (event) => {
    const { req } = event.node
    // In development the request comes from Node's server, not through `localFetch`.
    if (!('__unenv__' in req)) {
      const { method, path, headers } = event
      const request = new Request(`http://${headers.get('host')}${path}`, { method, headers })
      // Node accepts only its own streams as bodies.
      const body = await new Response(req as BodyInit).bytes()
      return event.respondWith(app.localFetch(path, { method, headers, body }, request))
    }
    const { __unenv__: context } = req
    try {
      return await handler(event)
    } catch (error) {
      // For a request from outside it is `known`, and for others an event's context.
      if (context !== undefined) context.caught = { error }
      throw error
    }
  }
}
