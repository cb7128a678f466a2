import type { RequestContext, Sessions } from '../request/create-sessions.ts'
import { runCaught } from './caught.ts'

/** The used part of Astro's `APIContext`. */
export interface AstroContext {
  readonly request: Request
  readonly locals: object
  readonly isPrerendered: boolean
}

export interface AstroOptions<Env> {
  /** Returns the Worker's `env`, from `cloudflare:workers`. Not called for a prerendered page. */
  readonly env: () => Env
  /** Returns false for requests that do not count as use, such as polls: they do not extend the idle timeout. */
  readonly touch?: (context: AstroContext) => boolean
}

/** An Astro middleware, for `onRequest` of `src/middleware.ts` and for `sequence`. */
export type AstroMiddleware = (
  context: AstroContext,
  next: () => Promise<Response>,
) => Promise<Response>

/**
 * Returns Astro's middleware: `export const onRequest = sessionMiddleware(sessions, { env: () => env })`. The session
 * is `Astro.locals.session`. It is committed after the page's frontmatter, or after the endpoint, with its cookie on
 * the response. A prerendered page has no session.
 *
 * If a page, an endpoint or a later middleware throws, recorded changes are dropped. Astro then renders `500.astro`
 * with the same session, and sends the cookie of awaited changes with it. An uncaught `ERR_SESSION_ENDED` becomes 409,
 * and `ERR_TOO_LARGE` 413. A store failure is answered according to `onStoreFailure`.
 */
export function sessionMiddleware<
  Data extends object,
  Env,
  Flash extends object,
  Methods extends object,
>(
  sessions: Sessions<Data, Env, Flash, Methods>,
  { env, touch }: AstroOptions<Env>,
): AstroMiddleware {
  return async (context, next) => {
    const { request, locals, isPrerendered } = context
    if (isPrerendered) return next()
    const { cfContext: ctx }: { readonly cfContext?: RequestContext } = locals
    return runCaught(
      sessions,
      { request, env: env(), ctx, touch: touch?.(context) },
      (session) => {
        Object.assign(locals, { session })
        return next()
      },
      // Astro throws to its middleware, and calls it again for the error page.
      () => undefined,
    )
  }
}
