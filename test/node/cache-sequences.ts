import { accounts } from '../../src/accounts.ts'
import { createSessions, json } from '../../src/index.ts'
import { memoryStore } from '../../src/store/memory.ts'
import { TestBrowser } from '../../src/testing.ts'
import { WorkersCache } from '../support/workers-cache.ts'

const CONTEXT = { waitUntil: () => undefined, passThroughOnException: () => undefined }
const ORIGIN = 'https://app.example'
const USERS = ['ada', 'bob'] as const
const BROWSERS = 3
const STEPS = 8
const SEED = 20_261_128
const IDLE_SECONDS = 1800
/** What a page may say of itself, by path. An empty text says nothing. */
const KINDS: Readonly<Record<string, string>> = {
  '/plain': '',
  '/no-transform': 'no-transform',
  '/private': 'private, max-age=60',
  '/no-cache': 'no-cache',
  '/no-store': 'no-store',
  '/public': 'public, max-age=60',
}
const PAGES = Object.keys(KINDS)

/** The page of a session, as the handler shows it and as a visitor may expect it. */
interface Page {
  readonly user: string | null
  readonly visits: number
}

/** One browser: what it has a right to see. */
interface Visitor {
  readonly browser: TestBrowser
  page: Page
}

/** A small application, and what its visitors have a right to see. */
class World {
  /** Milliseconds; only steps move it. */
  now = 1_800_000_000_000
  readonly cache: WorkersCache
  readonly visitors: Visitor[]
  readonly #random: () => number
  #current: Visitor
  readonly #other: string
  wrong: string[] = []
  readonly story: string[] = []

  constructor(fetch: (request: Request) => Promise<Response>, random: () => number) {
    this.#random = random
    this.cache = new WorkersCache(fetch, () => this.now)
    this.visitors = Array.from({ length: BROWSERS }, () => ({
      browser: new TestBrowser((request) => this.cache.fetch(request), {
        origin: ORIGIN,
        from: 'client',
        now: () => this.now,
      }),
      page: NOBODY,
    }))
    this.#current = this.#oneOf(this.visitors)
    this.#other = this.#oneOf(PAGES)
  }

  #oneOf<T>(list: readonly T[]): T {
    return list[Math.floor(this.#random() * list.length)] as T
  }

  async step(): Promise<void> {
    if (this.#random() < 0.4) this.#current = this.#oneOf(this.visitors)
    const visitor = this.#current
    const name = String(this.visitors.indexOf(visitor))
    const kind = Math.floor(this.#random() * 12)
    if (kind === 0) return this.#expire()
    if (kind === 1) return this.#readAtOnce()
    if (kind === 2) return this.#head(visitor, name)
    if (kind <= 4) return this.#signIn(visitor, name)
    if (kind === 5) return this.#signOut(visitor, name)
    if (kind <= 7) return this.#visit(visitor, name)
    return this.#read(visitor, name, this.#page())
  }

  /** The page that says nothing of caches, or the other one of this sequence. */
  #page(): string {
    return this.#random() < 0.5 ? '/plain' : this.#other
  }

  async #signIn(visitor: Visitor, name: string): Promise<void> {
    const user = this.#oneOf(USERS)
    this.story.push(`${name} signs in as ${user}`)
    await visitor.browser.fetch(`/sign-in?user=${user}`, { method: 'POST' })
    // Another user's data is deleted; an anonymous visitor's stays.
    const isOther = visitor.page.user !== null && visitor.page.user !== user
    visitor.page = { user, visits: isOther ? 0 : visitor.page.visits }
  }

  async #signOut(visitor: Visitor, name: string): Promise<void> {
    this.story.push(`${name} signs out`)
    await visitor.browser.fetch('/sign-out', { method: 'POST' })
    visitor.page = NOBODY
  }

  /** A write by GET, whose response must not come from a cache either. */
  async #visit(visitor: Visitor, name: string): Promise<void> {
    this.story.push(`${name} visits`)
    visitor.page = { ...visitor.page, visits: visitor.page.visits + 1 }
    const page = await visitor.browser.json<Page>('/visit')
    this.#check(name, '/visit', page, visitor.page)
  }

  #expire(): void {
    this.story.push('all sessions expire')
    this.now += (IDLE_SECONDS + 1) * 1000
    for (const visitor of this.visitors) visitor.page = NOBODY
  }

  async #readAtOnce(): Promise<void> {
    const path = this.#page()
    await Promise.all(
      this.visitors.map((visitor, index) => this.#read(visitor, String(index), path)),
    )
  }

  async #head(visitor: Visitor, name: string): Promise<void> {
    const path = this.#page()
    this.story.push(`${name} asks for the head of ${path}`)
    await visitor.browser.fetch(path, { method: 'HEAD' })
  }

  async #read(visitor: Visitor, name: string, path: string): Promise<void> {
    this.story.push(`${name} reads ${path}`)
    const page = await visitor.browser.json<Page>(path)
    this.#check(name, path, page, visitor.page)
  }

  #check(name: string, path: string, page: Page, right: Page): void {
    // The handler has allowed this one to be a minute old, which is never another's nor of before a sign-out.
    const isRight =
      path === '/public'
        ? page.user === right.user
        : page.user === right.user && page.visits === right.visits
    if (!isRight) this.wrong.push(`${name} got ${JSON.stringify(page)} at ${path}`)
  }
}

const NOBODY: Page = { user: null, visits: 0 }

/** Numbers from 0 to 1 that a seed repeats (mulberry32). */
function randomFrom(seed: number): () => number {
  let state = seed
  return () => {
    state = (state + 0x6d2b79f5) | 0
    let mixed = Math.imul(state ^ (state >>> 15), 1 | state)
    mixed = (mixed + Math.imul(mixed ^ (mixed >>> 7), 61 | mixed)) ^ mixed
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 4_294_967_296
  }
}

/** The application. Its clock is that of the world whose sequence runs. */
function newApplication(clock: () => number) {
  const { withSession } = createSessions({
    data: json<{ visits: number }>(),
    secrets: ['a secret of more than thirty-two bytes'],
    store: memoryStore(),
    use: [accounts()],
    idleTimeout: IDLE_SECONDS,
    now: clock,
  })
  const fetch = withSession(async ({ session, url }) => {
    const { pathname, searchParams } = new URL(url)
    if (pathname === '/sign-in') await session.signIn(searchParams.get('user') ?? '')
    if (pathname === '/sign-out') {
      await session.signOut()
      return null
    }
    if (pathname === '/visit') await session.increment('visits')
    const visits = (await session.get('visits')) ?? 0
    const said = KINDS[pathname] ?? ''
    const headers = said === '' ? {} : { 'Cache-Control': said }
    return Response.json({ user: session.userId ?? null, visits }, { headers })
  })
  return (request: Request) => fetch(request, undefined, CONTEXT)
}

/** The response with the headers that it had before the library said who may keep it: `Vary: Cookie` alone. */
export function asBefore(response: Response): Response {
  const former = new Response(response.body, response)
  if (former.headers.has('Set-Cookie')) return former
  const said = former.headers.get('Cache-Control') ?? ''
  const own = said.replace(/(, )?private, no-(cache|store)$/, '')
  if (own === '') former.headers.delete('Cache-Control')
  else former.headers.set('Cache-Control', own)
  return former
}

interface Outcome {
  readonly wrong: string[]
  readonly hits: number
}

/** Plays this many sequences, each from a seed of its own: the first seeds are the same in every run. */
export async function play(
  sequences: number,
  change: (response: Response) => Response = (response) => response,
): Promise<Outcome> {
  let world: World | undefined
  const application = newApplication(() => world?.now ?? 0)
  const fetch = async (request: Request): Promise<Response> => change(await application(request))
  const wrong: string[] = []
  let hits = 0
  for (let index = 0; index < sequences; index += 1) {
    world = new World(fetch, randomFrom(SEED + index))
    // One step after the other is a sequence.
    // oxlint-disable-next-line no-await-in-loop
    for (let step = 0; step < STEPS; step += 1) await world.step()
    hits += world.cache.hits
    if (world.wrong.length > 0) {
      wrong.push(`seed ${SEED + index}: ${world.wrong.join('; ')}. ${world.story.join(', ')}`)
    }
  }
  return { wrong, hits }
}
