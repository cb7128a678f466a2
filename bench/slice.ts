/** A short turn of one contender at one work. */
export interface Slice {
  readonly operations: number
  readonly seconds: number
  /** Used by its workerd process meanwhile, objects and simulated KV included. */
  readonly cpuSeconds: number
}

/** A contender at one work. */
export interface Runner<Kind extends Slice> {
  readonly contender: string
  /** Starts a new process, makes new sessions in it, and warms it up. */
  readonly start: () => Promise<Started<Kind>>
}

export interface Started<Kind extends Slice> {
  readonly run: () => Promise<Kind>
  readonly kill: () => Promise<void>
}
