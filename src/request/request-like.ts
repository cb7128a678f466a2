/** The parts of a request that the library reads. On Workers, `cf` has the location of the visitor. */
export interface RequestLike {
  readonly url: string
  readonly headers: { get(name: string): string | null }
  readonly cf?: unknown
}
