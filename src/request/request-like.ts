/** The parts of a request that the library reads. On Workers, `cf` has the location of the visitor. */
export interface RequestLike {
  readonly url: string
  /** Default `GET`. */
  readonly method?: string
  readonly headers: { get(name: string): string | null }
  readonly cf?: unknown
}

/**
 * The purpose of a request. Only a `view` counts as use of the session and spends flash messages: a HEAD shows nothing,
 * and the page of a prefetch or prerender (`speculative`) may never be shown.
 */
export type Purpose = 'view' | 'head' | 'speculative'
