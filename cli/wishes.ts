/** What somebody wants of their Worker. */
export interface Wishes {
  readonly store: 'durable-object' | 'kv'
  readonly users: boolean
  /** The name of the sessions' binding, where it was chosen. */
  readonly binding: string | undefined
  /** Named environments that get the bindings too. */
  readonly environments: readonly string[]
}
