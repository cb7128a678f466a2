import type { HasSession, RequestContext, Sessions } from '../request/create-sessions.ts'
import { answer, enter, fail, lateError, leave, requestSessionOf } from '../request/lifecycle.ts'

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
   * Returns the Worker's `env`. Default `event.platform.env`. If it is `undefined`, as for a page that is prerendered, the
   * request has no session.
   */
  readonly env?: (event: Event) => Env | undefined
  /** The application's own hook `handleError`. Default: errors are logged by `console.error`, and SvelteKit shows them. */
  readonly handleError?: OwnErrorHandler<Input, Shown>
  /** Returns false for requests that do not count as use, such as polls: they do not move the idle timeout. */
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
 * Returns SvelteKit's hooks: `export const { handle, handleError } = sessionHooks(sessions)` in `src/hooks.server.ts`. The
 * session is `event.locals.session`, committed after load functions, actions and endpoints, with its cookie on the response.
 *
 * A redirect and an `error(…)` below 500 are normal responses, also if a later `handle` of `sequence` throws the redirect.
 * If a load function, an action or an endpoint throws another error, recorded changes are dropped, and SvelteKit's page
 * gets the cookie of awaited changes. An uncaught `ERR_SESSION_ENDED` becomes 409, and `ERR_TOO_LARGE` 413. A failed store
 * is answered as `onStoreFailure` says. Both hooks are needed: SvelteKit tells errors to `handleError` only.
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
  /** The unexpected errors, by the requests that they have ended. */
  const thrown = new WeakMap<Request, { readonly error: unknown }>()

  return {
    handle: async ({ event, resolve }) => {
      const { request, platform } = event
      const own = env(event)
      if (own === undefined) return resolve(event)
      const opened = await sessions.open(request, own, platform?.ctx as RequestContext | undefined)
      const session = requestSessionOf(opened)
      const entered = enter(session, request)
      if (touch?.(event) === false) session.poll()
      ;(event.locals as HasLocals<HasSession<Data, Flash, Methods>['session']>).session = opened
      try {
        const response = await resolve(event)
        // Without `handleError`, an error shows only by its status.
        const failure =
          thrown.get(request) ?? (response.status < 500 ? undefined : { error: lateError(session) })
        const made =
          failure === undefined
            ? await answer(session, response)
            : await fail(session, failure.error, { response })
        return await forAction(request, made)
      } catch (error) {
        if (!isRedirect(error))
          return await forAction(request, await fail(session, error, { entered }))
        const carrier = await answer(session, new Response(null, { status: NO_CONTENT }))
        if (carrier.status !== NO_CONTENT) return await forAction(request, carrier)
        // SvelteKit makes the response, with the cookies that are set here.
        for (const cookie of carrier.headers.getSetCookie()) passOn(event, cookie)
        throw error
      } finally {
        leave(session, request, entered)
      }
    },
    handleError: (input) => {
      const { error, event, status } = input
      if (status >= 500 && !thrown.has(event.request)) thrown.set(event.request, { error })
      return (handleError as OwnErrorHandler<Input, Shown | undefined>)(input)
    },
  }
}

const NO_CONTENT = 204

interface HasLocals<S> {
  session?: S
}

function logError({ error, status }: Failure): undefined {
  // As SvelteKit does by default.
  // oxlint-disable-next-line no-console
  if (status >= 500) console.error(error)
}

/** True for what SvelteKit's `redirect()` throws. */
function isRedirect(error: unknown): boolean {
  const { status, location }: { status?: number; location?: string } = Object(error)
  return typeof location === 'string' && status !== undefined && status >= 300 && status < 400
}

/** Sets a cookie by SvelteKit's own function. */
function passOn({ cookies }: Pick<SvelteKitEvent<unknown>, 'cookies'>, cookie: string): void {
  const [pair = '', ...attributes] = cookie.split('; ')
  const [, name = '', value = ''] = /^([^=]*)=(.*)$/.exec(pair) ?? []
  const options: Record<string, unknown> = {}
  for (const attribute of attributes) {
    const [key = '', text] = attribute.split('=')
    // `Max-Age` is `maxAge`.
    options[`${key[0]?.toLowerCase()}${key.slice(1).replace('-', '')}`] = text ?? true
  }
  if ('maxAge' in options) options['maxAge'] = Number(options['maxAge'])
  cookies.set(name, value, { path: '/', ...options, encode: String })
}

/** Returns a refusal as SvelteKit's `enhance` reads it. Other responses are returned unchanged. */
async function forAction(request: Request, response: Response): Promise<Response> {
  const isProblem = response.headers.get('Content-Type') === 'application/problem+json'
  if (!isProblem || !request.headers.has('x-sveltekit-action')) return response
  const problem = await response.json<{ readonly detail: string }>()
  const error = { ...problem, message: problem.detail }
  return new Response(JSON.stringify({ type: 'error', error }), response)
}
