/** Rows in the order of their names, as SQLite has them, and an alarm. */
export class Storage {
  #rows = new Map<string, unknown>()
  #durable = new Map<string, unknown>()
  #alarm: number | null = null
  #timer: ReturnType<typeof setTimeout> | undefined
  #changes = 0
  readonly #ring: () => unknown
  readonly kv = {
    list: ({ prefix = '' }: { readonly prefix?: string } = {}): [string, unknown][] =>
      Array.from(this.#rows)
        .filter(([name]) => name.startsWith(prefix))
        .toSorted(([one], [other]) => (one < other ? -1 : 1)),
    get: (name: string): unknown => this.#rows.get(name),
    put: (name: string, value: unknown): void => {
      if (String(value).length > 2_097_152) throw new Error('string or blob too big: SQLITE_TOOBIG')
      this.#rows.set(name, value)
      this.#changed()
    },
    delete: (name: string): boolean => {
      const isThere = this.#rows.delete(name)
      if (isThere) this.#changed()
      return isThere
    },
  }
  readonly sql = {
    exec: (): { readonly one: () => object } => ({ one: () => ({ rows: this.#changes }) }),
  }

  constructor(ring: () => unknown) {
    this.#ring = ring
  }

  get isEmpty(): boolean {
    return this.#rows.size === 0 && this.#alarm === null
  }

  #changed(): void {
    this.#changes += 1
    setTimeout(() => (this.#durable = new Map(this.#rows)), 0)
  }

  /** Forgets what is not durable yet. */
  reset(): void {
    this.#rows = new Map(this.#durable)
    this.#changes = 0
  }

  get = async (name: string): Promise<unknown> => this.kv.get(name)
  put = async (name: string, value: unknown): Promise<void> => this.kv.put(name, value)
  delete = async (name: string): Promise<boolean> => this.kv.delete(name)
  list = async (options?: { readonly prefix?: string }): Promise<Map<string, unknown>> =>
    new Map(this.kv.list(options))

  sync = async (): Promise<void> => {
    this.#durable = new Map(this.#rows)
  }

  transactionSync = (run: () => unknown): unknown => {
    const before = new Map(this.#rows)
    try {
      return run()
    } catch (error) {
      this.#rows = before
      throw error
    }
  }

  getAlarm = async (): Promise<number | null> => this.#alarm

  setAlarm = async (at: number): Promise<void> => {
    if (!(at >= 0 && at <= 8.64e15)) throw new TypeError('setAlarm() cannot be called with this')
    this.#changed()
    clearTimeout(this.#timer)
    this.#alarm = at
    const wait = at - Date.now()
    if (wait > 2 ** 31 - 1) return
    this.#timer = setTimeout(() => void this.#ring(), Math.max(0, wait))
    this.#timer.unref()
  }

  deleteAlarm = async (): Promise<void> => {
    clearTimeout(this.#timer)
    this.#alarm = null
  }

  deleteAll = async (): Promise<void> => {
    this.#rows.clear()
    await this.deleteAlarm()
    this.#changed()
  }
}
