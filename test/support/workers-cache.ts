/**
 * Workers Cache as its documentation has it (developers.cloudflare.com/workers/cache, read 2026-11): a model, since no
 * local runtime has one. GET and HEAD only, keyed by path, query and `ctx.props`, whatever the host; `Vary` compared
 * verbatim; default lifetimes where a response says nothing; requests for one key collapsed.
 */
export class WorkersCache {
  readonly #worker: (request: Request, props: unknown) => Promise<Response>
  readonly #now: () => number
  readonly #entries = new Map<string, Stored[]>()
  /** The requests under way by key: each waits for the one before it. */
  readonly #locks = new Map<string, Promise<unknown>>()
  /** The number of responses answered without the Worker. */
  hits = 0

  constructor(worker: (request: Request, props: unknown) => Promise<Response>, now: () => number) {
    this.#worker = worker
    this.#now = now
  }

  async fetch(request: Request, props: unknown = {}): Promise<Response> {
    const isRead = request.method === 'GET' || request.method === 'HEAD'
    if (!isRead || request.headers.has('Upgrade')) return this.#worker(request, props)
    const { pathname, search } = new URL(request.url)
    const key = [pathname, search, JSON.stringify(props)].join(' ')
    const found = this.#fresh(key, request)
    const response = found ?? (await this.#inTurn(key, request, props))
    return request.method === 'HEAD' ? new Response(null, response) : response
  }

  /** Returns a stored response that needs no Worker; `undefined` if there is none. */
  #fresh(key: string, request: Request): Response | undefined {
    const stored = this.#variant(key, request)
    if (stored === undefined || stored.freshUntil <= this.#now()) return undefined
    this.hits += 1
    return answered(stored, 'HIT')
  }

  #variant(key: string, { headers }: Request): Stored | undefined {
    return this.#entries
      .get(key)
      ?.find(({ vary }) => vary.every(([name, value]) => headers.get(name) === value))
  }

  /** Waits for the request under way, whose response may answer this one too. */
  async #inTurn(key: string, request: Request, props: unknown): Promise<Response> {
    const before = this.#locks.get(key)
    const run = async (): Promise<Response> => {
      await before
      return this.#fresh(key, request) ?? (await this.#fill(key, request, props))
    }
    const running = run()
    this.#locks.set(
      key,
      running.catch(() => undefined),
    )
    return running
  }

  /** Runs the Worker, and stores its response if that is allowed. */
  async #fill(key: string, request: Request, props: unknown): Promise<Response> {
    const stale = this.#variant(key, request)
    // A HEAD is a GET for the Worker.
    const asked = new Request(request, { method: 'GET' })
    if (stale?.etag !== undefined && !asked.headers.has('If-None-Match')) {
      asked.headers.set('If-None-Match', stale.etag)
    }
    const response = await this.#worker(asked, props)
    // With no other word, a stale response answers for a Worker that fails.
    if (response.status >= 500 && stale?.mayBeStale === true) return answered(stale, 'STALE')
    if (response.status === 304 && stale !== undefined) return answered(stale, 'REVALIDATED')
    const seconds = secondsToKeep(request, response)
    if (seconds === undefined) {
      response.headers.set('Cf-Cache-Status', 'BYPASS')
      return response
    }
    const names = (response.headers.get('Vary') ?? '').split(',').map((name) => name.trim())
    const made: Stored = {
      vary: names.filter(Boolean).map((name) => [name, request.headers.get(name)]),
      status: response.status,
      headers: [...response.headers],
      body: await response.text(),
      etag: response.headers.get('ETag') ?? undefined,
      freshUntil: this.#now() + seconds * 1000,
      mayBeStale: !/s-maxage|must-revalidate|proxy-revalidate|stale-if-error=0/i.test(
        controlOf(response),
      ),
    }
    const others = (this.#entries.get(key) ?? []).filter((each) => each !== stale)
    this.#entries.set(key, [...others, made])
    return answered(made, 'MISS')
  }
}

interface Stored {
  readonly vary: readonly (readonly [name: string, value: string | null])[]
  readonly status: number
  readonly headers: [string, string][]
  readonly body: string
  readonly etag: string | undefined
  readonly freshUntil: number
  readonly mayBeStale: boolean
}

function answered({ status, headers, body }: Stored, cacheStatus: string): Response {
  const response = new Response(status === 204 ? null : body, { status, headers })
  response.headers.set('Cf-Cache-Status', cacheStatus)
  return response
}

/** The lifetimes, in seconds, of responses that say none. Other statuses are not stored then. */
const DEFAULT_SECONDS: Readonly<Record<number, number>> = {
  200: 7200,
  203: 7200,
  204: 7200,
  300: 1200,
  301: 1200,
  404: 180,
  405: 60,
  410: 180,
  414: 60,
  501: 60,
}

/** The most specific of the three headers for caches. */
function controlOf({ headers }: Response): string {
  return (
    headers.get('Cloudflare-CDN-Cache-Control') ??
    headers.get('CDN-Cache-Control') ??
    headers.get('Cache-Control') ??
    ''
  )
}

/** Returns how long a response is fresh, in seconds; `undefined` if it is not stored. */
function secondsToKeep(request: Request, response: Response): number | undefined {
  const { status, headers } = response
  const control = controlOf(response)
  const has = (name: string): boolean =>
    new RegExp(`(^|[\\s,])${name}($|[\\s,=])`, 'i').test(control)
  const number = (name: string): number | undefined => {
    const [, text] = new RegExp(`(?:^|[\\s,])${name}=(\\d+)`, 'i').exec(control) ?? []
    return text === undefined ? undefined : Number(text)
  }
  const isNever = status === 206 || (status >= 520 && status <= 526)
  if (isNever || headers.has('Set-Cookie') || headers.get('Vary')?.includes('*') === true)
    return undefined
  if (has('private') || has('no-store')) return undefined
  const isForAnybody = has('public') || has('must-revalidate') || has('s-maxage')
  if (request.headers.has('Authorization') && !isForAnybody) return undefined
  if (has('no-cache')) return 0
  const expires = headers.get('Expires')
  const said = number('s-maxage') ?? number('max-age')
  if (said !== undefined) return said
  if (expires !== null) return Math.max(0, (Date.parse(expires) - Date.now()) / 1000)
  return DEFAULT_SECONDS[status]
}
