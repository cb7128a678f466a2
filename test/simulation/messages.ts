/**
 * Stand for a runtime's Request, Response and Headers, as far as the session layer and a handler of the simulation use
 * them: those of Node take a tenth of a run. What the library does with real ones is tested in workerd.
 */
export class PlainHeaders implements Iterable<[name: string, value: string]> {
  readonly #values = new Map<string, string[]>()

  constructor(init: HeadersInit | PlainHeaders = {}) {
    const pairs = Symbol.iterator in init ? init : Object.entries(init)
    for (const [name = '', value = ''] of pairs) this.append(name, value)
  }

  get(name: string): string | null {
    return this.#values.get(name.toLowerCase())?.join(', ') ?? null
  }

  getSetCookie(): string[] {
    return [...(this.#values.get('set-cookie') ?? [])]
  }

  has(name: string): boolean {
    return this.#values.has(name.toLowerCase())
  }

  set(name: string, value: string): void {
    this.#values.set(name.toLowerCase(), [value])
  }

  append(name: string, value: string): void {
    const key = name.toLowerCase()
    const known = this.#values.get(key)
    if (known === undefined) this.#values.set(key, [value])
    else known.push(value)
  }

  delete(name: string): void {
    this.#values.delete(name.toLowerCase())
  }

  *[Symbol.iterator](): Generator<[name: string, value: string]> {
    for (const [name, values] of this.#values) {
      if (name === 'set-cookie') for (const value of values) yield [name, value]
      else yield [name, values.join(', ')]
    }
  }
}

class PlainRequest {
  readonly method = 'GET'
  readonly url: string
  readonly headers: PlainHeaders

  constructor(url: string, headers: Readonly<Record<string, string>>) {
    this.url = url
    this.headers = new PlainHeaders(headers)
  }
}

export class PlainResponse {
  readonly body: string | null
  readonly status: number
  readonly statusText: string
  readonly headers: PlainHeaders

  constructor(
    body: string | null,
    { status = 200, statusText = '', headers }: ResponseInit | PlainResponse = {},
  ) {
    this.body = body
    this.status = status
    this.statusText = statusText
    this.headers = new PlainHeaders(headers)
  }
}

export function requestTo(url: string, headers: Readonly<Record<string, string>>): Request {
  return new PlainRequest(url, headers) as unknown as Request
}

/** Returns a response without a body. */
export function emptyResponse(status = 200): Response {
  return new PlainResponse(null, { status }) as unknown as Response
}
