/** A request as it was sent and answered; times are milliseconds since the session began. */
export interface RequestRecord {
  readonly what: string
  readonly from: number
  readonly to: number
  readonly status: number
  /** The number that an increment was told. */
  readonly count?: number
}

export interface LaneRecord {
  /** `naive` loads the whole session, changes it and writes it back. `objects` is edge-session on Durable Objects. */
  readonly lane: 'naive' | 'objects'
  readonly increments: readonly RequestRecord[]
  /** The count in the store after all increments. */
  readonly stored: number
  /** The slow request, the sign-out, and a read with the old cookie. */
  readonly signOut: readonly RequestRecord[]
  /** The user whose session the old cookie opens afterwards; `null` for none. */
  readonly opensAfterwards: string | null
}

/** A run of the race lab. */
export interface Recording {
  /** The day of the run. */
  readonly recorded: string
  readonly wrangler: string
  readonly lanes: readonly LaneRecord[]
}
