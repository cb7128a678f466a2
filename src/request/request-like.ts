/** The parts of a request that the library reads. On Workers, `cf` has the location of the visitor. */
export interface RequestLike {
  readonly url: string
  /** Default `GET`. */
  readonly method?: string
  readonly headers: { get(name: string): string | null }
  readonly cf?: unknown
}

/**
 * The purpose of a request. Only a `view` is a use of the session and spends flash messages: a HEAD shows nothing, and the
 * page of a prefetch or prerender (`speculative`) may never be shown.
 */
export type Purpose = 'view' | 'head' | 'speculative'

/** Fetch Standard: `Sec-Purpose`. `X-Sec-Purpose` is Turbo's, `Purpose` that of older browsers. */
const PURPOSE_HEADERS = ['sec-purpose', 'x-sec-purpose', 'purpose']

/** Returns what a request is for, by its method and these headers; a `view` if they do not say. */
export function purposeOf({ method = 'GET', headers }: RequestLike): Purpose {
  if (method === 'HEAD') return 'head'
  for (const name of PURPOSE_HEADERS) {
    const value = headers.get(name)
    if (value !== null && /^\s*prefetch\b/i.test(value)) return 'speculative'
  }
  return 'view'
}
