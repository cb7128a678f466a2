import { SessionError } from '../errors.ts'
import type { HasSession, RequestContext, Sessions } from '../request/create-sessions.ts'
import { type Caught, runCaught } from './caught.ts'

export interface NitroSessionsOptions {
  /** Returns false for requests that do not count as use, such as polls: they do not extend the idle timeout. */
  readonly touch?: (request: Request) => boolean
}

/** The plugin for Nitro's sessions, and the function that handlers call. Neither uses `this`. */
export interface NitroSessions<S> {
  /** A Nitro plugin: `export default plugin` in one of the plugin files. */
  readonly plugin: (nitroApp: object) => void
  /**
   * Returns an event's session, already opened. Throws `ERR_OPTION` without the plugin, and for a request that the
   * server makes to itself without passing on the event.
   */
  readonly useEdgeSession: (event: { readonly context?: object }) => S
}

/** The run of a request from outside. */
export interface Run {
  readonly session?: object
  caught?: Caught
}

/** The parts that belong to one plugin: other layers have other keys. */
export interface Layer {
  readonly key: symbol
  readonly run: (
    request: Request,
    from: Platform | undefined,
    respond: (run: Run) => Response | Promise<Response>,
  ) => Promise<Response>
}

/** The properties set by Nitro's Cloudflare presets. Other presets set none. */
export interface Platform {
  readonly request?: Request
  readonly env?: unknown
  readonly context?: Pick<RequestContext, 'waitUntil'>
}

/** Returns the plugin and `useEdgeSession`, for one version of Nitro. */
export function sessionsFor<Data extends object, Env, Flash extends object, Methods extends object>(
  sessions: Sessions<Data, Env, Flash, Methods>,
  { touch }: NitroSessionsOptions = {},
  plug: (nitroApp: object, layer: Layer) => void,
): NitroSessions<HasSession<Data, Flash, Methods>['session']> {
  type S = HasSession<Data, Flash, Methods>['session']
  const key = Symbol()
  const layer: Layer = {
    key,
    async run(request, from, respond) {
      const known: Run = {}
      // In development Nitro has the bindings, or a promise of them, only in this variable.
      const { __env__: bindings } = globalThis as { readonly __env__?: unknown }
      const env = (from?.env ?? (await bindings)) as Env
      return runCaught(
        sessions,
        { request, env, ctx: from?.context, touch: touch?.(request) },
        (session) => respond(Object.assign(known, { session })),
        // An error of a hook is not an error of the response.
        ({ status }) => (status < 400 ? undefined : known.caught),
      )
    },
  }
  return {
    plugin: (nitroApp) => plug(nitroApp, layer),
    useEdgeSession({ context }) {
      // The key belongs to this layer only, and so does the value under it.
      const run = runOf(context, key)
      if (run !== undefined) return run.session as S
      throw new SessionError('ERR_OPTION', 'There is no session. Export plugin in server/plugins/.')
    },
  }
}

/** Returns the value under a key that belongs to one layer. */
export function runOf(context: object | undefined, key: symbol): Run | undefined {
  return (context as { readonly [key: symbol]: Run | undefined } | undefined)?.[key]
}
