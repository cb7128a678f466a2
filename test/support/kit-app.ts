import { Browser } from './browser.ts'

/** An event of SvelteKit, as far as its hooks and these tests need one. */
export interface KitEvent<Env, Own> {
  readonly request: Request
  readonly locals: { session: Own }
  readonly platform: { readonly env: Env; readonly ctx: ExecutionContext } | undefined
  readonly cookies: { set(name: string, value: string, options: CookieOptions): void }
}

interface CookieOptions {
  readonly path: string
  readonly encode?: (text: string) => string
}

export type KitHandle<Env, Own> = (input: {
  readonly event: KitEvent<Env, Own>
  readonly resolve: (event: KitEvent<Env, Own>) => Response | Promise<Response>
}) => Response | Promise<Response>

export interface KitHooks<Env, Own> {
  readonly handle: KitHandle<Env, Own>
  readonly handleError?: (input: {
    readonly error: unknown
    readonly event: KitEvent<Env, Own>
    readonly status: number
    readonly message: string
  }) => unknown
}

/** What SvelteKit's `redirect()` throws. */
export class Redirect {
  readonly status: number
  readonly location: string

  constructor(status: number, location: string) {
    this.status = status
    this.location = location
  }
}

/** What SvelteKit's `error()` throws. */
export class HttpError {
  readonly status: number

  constructor(status: number) {
    this.status = status
  }
}

/**
 * A visitor of a stand-in for SvelteKit's server (2.70: `runtime/server/respond.js`), which does not run in a Worker without
 * its build: the order of the hooks, who catches what, and which responses get the cookies of `event.cookies`. The real one
 * is in examples/frameworks/sveltekit.
 */
export function newKitBrowser<Env, Own>(
  hooks: KitHooks<Env, Own>,
  route: (event: KitEvent<Env, Own>) => unknown,
  platform: KitEvent<Env, Own>['platform'],
): Browser {
  return new Browser(async (request) => {
    const cookies: string[] = []
    const event: KitEvent<Env, Own> = {
      request,
      // The hook sets it.
      locals: {} as KitEvent<Env, Own>['locals'],
      platform,
      cookies: { set: (...cookie) => void cookies.push(serialized(...cookie)) },
    }
    const withCookies = (response: Response): Response => {
      const headers = new Headers(response.headers)
      for (const cookie of cookies) headers.append('Set-Cookie', cookie)
      return new Response(response.body, { status: response.status, headers })
    }
    const resolve = async (): Promise<Response> =>
      withCookies(await responseOf(event, hooks, route))
    try {
      return await hooks.handle({ event, resolve })
    } catch (error) {
      if (error instanceof Redirect) return withCookies(redirected(error))
      return errorPage(event, hooks, error)
    }
  })
}

async function responseOf<Env, Own>(
  event: KitEvent<Env, Own>,
  hooks: KitHooks<Env, Own>,
  route: (event: KitEvent<Env, Own>) => unknown,
): Promise<Response> {
  try {
    const result = await route(event)
    return result instanceof Response ? result : Response.json(result ?? null)
  } catch (error) {
    return error instanceof Redirect ? redirected(error) : errorPage(event, hooks, error)
  }
}

function redirected({ status, location }: Redirect): Response {
  return new Response(undefined, { status, headers: { location } })
}

async function errorPage<Env, Own>(
  event: KitEvent<Env, Own>,
  { handleError }: KitHooks<Env, Own>,
  error: unknown,
): Promise<Response> {
  if (error instanceof HttpError) return new Response('an expected error', { status: error.status })
  const shown = await handleError?.({ error, event, status: 500, message: 'Internal Error' })
  return Response.json(shown ?? { message: 'Internal Error' }, { status: 500 })
}

/** The `serialize` of the package `cookie`, which SvelteKit uses, with SvelteKit's defaults. */
function serialized(name: string, value: string, given: CookieOptions): string {
  const options: Record<string, unknown> = {
    httpOnly: true,
    secure: true,
    sameSite: 'lax',
    ...given,
  }
  const { encode = encodeURIComponent } = given
  const parts = [`${name}=${encode(value)}`]
  if (options['maxAge'] !== undefined)
    parts.push(`Max-Age=${Math.floor(Number(options['maxAge']))}`)
  if (typeof options['domain'] === 'string') parts.push(`Domain=${options['domain']}`)
  parts.push(`Path=${given.path}`)
  if (options['httpOnly'] === true) parts.push('HttpOnly')
  if (options['secure'] === true) parts.push('Secure')
  if (options['partitioned'] === true) parts.push('Partitioned')
  for (const [key, attribute] of [
    ['priority', 'Priority'],
    ['sameSite', 'SameSite'],
  ] as const) {
    const text = String(options[key]).toLowerCase()
    if (options[key] !== undefined)
      parts.push(`${attribute}=${text.charAt(0).toUpperCase()}${text.slice(1)}`)
  }
  return parts.join('; ')
}
