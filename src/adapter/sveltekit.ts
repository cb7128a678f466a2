import type { CookieAttributes } from '../codec/cookie.ts'
import type { RequestContext, Sessions } from '../request/create-sessions.ts'
import { lateError } from '../request/lifecycle.ts'
import type { Problem } from '../request/problem.ts'
import { type Caught, runCaught } from './caught.ts'

/** The used part of SvelteKit's `RequestEvent`. */
export interface SvelteKitEvent<Env> {
  readonly request: Request
  readonly locals: object
  readonly platform?: { readonly env: Env; readonly ctx?: unknown } | undefined
  readonly cookies: {
    set(
      name: string,
      value: string,
      options: { path: string; encode: (text: string) => string },
    ): void
  }
}

interface Failure {
  readonly error: unknown
  readonly event: { readonly request: Request }
  readonly status: number
  readonly message: string
}

type OwnErrorHandler<Input, Shown> = (input: Input) => Shown

export interface SvelteKitOptions<Env, Event, Input extends Failure, Shown> {
  /**
   * Returns the Worker's `env`. Default `event.platform.env`. If it returns `undefined`, as for a prerendered page, the
   * request has no session.
   */
  readonly env?: (event: Event) => Env | undefined
  /**
   * The application's own `handleError` hook. By default, errors are logged with `console.error`, and SvelteKit shows
   * them.
   */
  readonly handleError?: OwnErrorHandler<Input, Shown>
  /** Returns false for requests that do not count as use, such as polls: they do not extend the idle timeout. */
  readonly touch?: (event: Event) => boolean
}

/** SvelteKit's `handle` and `handleError`, for `src/hooks.server.ts`. */
export interface SvelteKitHooks<Env, Input extends Failure, Shown> {
  readonly handle: <Event extends SvelteKitEvent<Env>>(input: {
    readonly event: Event
    readonly resolve: (event: Event) => Response | Promise<Response>
  }) => Promise<Response>
  readonly handleError: OwnErrorHandler<Input, Shown | undefined>
}

/**
 * Returns SvelteKit's hooks: `export const { handle, handleError } = sessionHooks(sessions)` in `src/hooks.server.ts`.
 * The session is `event.locals.session`, committed after load functions, actions and endpoints, with its cookie on the
 * response.
 *
 * A redirect and an `error(…)` below 500 are normal responses, even if a later `handle` of `sequence` throws the
 * redirect. If a load function, an action or an endpoint throws any other error, recorded changes are dropped, and
 * SvelteKit's error page has the cookie of awaited changes. An uncaught `ERR_SESSION_ENDED` becomes 409, and
 * `ERR_TOO_LARGE` 413. A store failure is answered according to `onStoreFailure`. Both hooks are needed, since
 * SvelteKit reports errors only to `handleError`.
 */
export function sessionHooks<
  Data extends object,
  Env,
  Flash extends object,
  Methods extends object,
  Input extends Failure = Failure,
  Shown = void,
>(
  sessions: Sessions<Data, Env, Flash, Methods>,
  options: SvelteKitOptions<Env, SvelteKitEvent<Env>, Input, Shown> = {},
): SvelteKitHooks<Env, Input, Shown> {
  const { env = ({ platform }) => platform?.env, handleError = logError, touch } = options
  /** The unexpected errors, by request. */
  const thrown = new WeakMap<Request, Caught>()

  return {
    handle: async ({ event, resolve }) => {
      const { request, platform } = event
      const own = env(event)
      if (own === undefined) return resolve(event)
      let redirect: Caught | undefined
      let attributes: CookieAttributes | undefined
      const ctx = platform?.ctx as RequestContext | undefined
      const response = await runCaught(
        sessions,
        { request, env: own, ctx, touch: touch?.(event) },
        async (session) => {
          Object.assign(event.locals, { session })
          try {
            return await resolve(event)
          } catch (error) {
            // A later `handle` of `sequence` has thrown SvelteKit's `redirect()`.
            const { location }: { readonly location?: unknown } = Object(error)
            if (location === undefined) throw error
            redirect = { error }
            return new Response(null, { status: 204 })
          }
        },
        ({ status }, session) => {
          attributes = session.settings.cookie
          // Without `handleError`, an error can only be recognized by the status.
          return thrown.get(request) ?? (status < 500 ? undefined : { error: lateError(session) })
        },
      )
      if (redirect === undefined || response.status !== 204) return forAction(request, response)
      // SvelteKit makes the response, with the cookies set here.
      for (const cookie of response.headers.getSetCookie()) {
        const [name = '', value = '', key, text] = cookie.split(/=|; /)
        const maxAge = key === 'Max-Age' ? text : undefined
        const given = { path: '/', ...attributes, maxAge, encode: String }
        event.cookies.set(name, value, given)
      }
      throw redirect.error
    },
    handleError: (input) => {
      const { error, event, status } = input
      const { request } = event
      if (status >= 500 && !thrown.has(request)) thrown.set(request, { error })
      return (handleError as OwnErrorHandler<Input, Shown | undefined>)(input)
    },
  }
}

function logError({ error }: Failure): undefined {
  // As SvelteKit does by default.
  // oxlint-disable-next-line no-console
  console.error(error)
}

/** Returns a refusal in the format that SvelteKit's `enhance` expects. Other responses are returned unchanged. */
async function forAction({ headers }: Request, response: Response): Promise<Response> {
  const type = response.headers.get('Content-Type')
  if (type !== 'application/problem+json' || !headers.has('x-sveltekit-action')) return response
  const { detail: message } = await response.json<Problem>()
  return new Response(JSON.stringify({ type: 'error', error: { message } }), response)
}
