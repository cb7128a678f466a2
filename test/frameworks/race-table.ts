import assert from 'node:assert/strict'
import { randomUUID } from 'node:crypto'

import { type Server, TestBrowser } from '../../src/testing.ts'

/** A row of the table: what is promised, and the check that fails with an assertion if it does not hold. */
export interface Row {
  readonly name: string
  readonly check: (origin: string) => Promise<void>
}

/** The answer of `/state`. */
interface State {
  readonly user: string | null
  readonly count: number
  readonly a: unknown
  readonly b: unknown
}

const COOKIE = '__Host-session'
/** Milliseconds for which a write waits, until the other request was faster. Applications wait at most 2000. */
const WAITS = [800, 1400, 2000]
/** Some frameworks send a page to programs at once, after its late part. */
const BROWSER = {
  'User-Agent': 'Mozilla/5.0 (X11; Linux x86_64; rv:140.0) Gecko/20100101 Firefox/140.0',
}
const ANSWER_MS = 60_000
const NOBODY: State = { user: null, count: 0, a: null, b: null }

/** The columns of the table, in order. */
export const ROWS: readonly Row[] = [
  { name: 'two keys overlap', check: keepsBothKeys },
  { name: 'ten increments', check: countsEachIncrement },
  { name: 'late write after sign-out', check: refusesLateWrites },
  { name: 'thrown redirect keeps its cookie', check: keepsCookieOfThrownRedirect },
  { name: 'streamed page', check: readsWhileStreaming },
  { name: 'two cookies of one name', check: findsTheRightCookie },
]

/**
 * The same in every application, before the rows: what a visitor does with two browsers. A development server may have no
 * lists of a user's sessions.
 */
export async function walk(origin: string, hasLists = true): Promise<void> {
  const first = new Visitor(origin)
  assert.match(await first.page('/'), /Nobody is signed in/)
  assert.deepEqual(await first.state(), NOBODY)
  assert.deepEqual(first.seen, [], 'A visitor who stores nothing has a cookie.')

  const user = newUser()
  await first.signIn(user)
  const page = await first.page('/')
  assert.ok(page.includes(user), 'The page does not show who is signed in.')
  assert.match(page, /Welcome/)
  assert.doesNotMatch(await first.page('/'), /Welcome/, 'The message is shown twice.')
  assert.equal(await first.count(), 1)
  assert.equal(await first.count(), 2)
  assert.deepEqual(await first.state(), { ...NOBODY, user, count: 2 })

  const second = new Visitor(origin)
  await second.signIn(user)
  await first.redirected('/sign-out-everywhere', {}, '/')
  assert.equal((await first.state()).user, null)
  if (hasLists)
    assert.equal((await second.state()).user, null, 'The second browser is still signed in.')

  await second.signIn(user)
  await second.redirected('/sign-out', {}, '/')
  assert.deepEqual(await second.state(), NOBODY)
  await isNobodyWithAnyOf(second)
}

async function keepsBothKeys(origin: string): Promise<void> {
  const visitor = new Visitor(origin)
  await visitor.count()
  const answers = await Promise.all([
    visitor.put({ key: 'a', value: 'one', wait: 300 }),
    visitor.put({ key: 'b', value: 'two', wait: 300 }),
  ])
  assert.deepEqual(
    answers.map(({ status }) => status),
    [200, 200],
  )
  assert.deepEqual(await visitor.state(), { user: null, count: 1, a: 'one', b: 'two' })
}

async function countsEachIncrement(origin: string): Promise<void> {
  const visitor = new Visitor(origin)
  await visitor.count()
  const counts = await Promise.all(Array.from({ length: 10 }, () => visitor.count()))
  assert.deepEqual(
    counts.toSorted((x, y) => x - y),
    Array.from(counts, (_, index) => index + 2),
  )
  assert.equal((await visitor.state()).count, 11)
}

async function refusesLateWrites(origin: string): Promise<void> {
  await refusesLateWrite(origin, {})
  // An application may await the write: then the handler itself meets the error.
  await refusesLateWrite(origin, { awaited: '1' })
}

async function refusesLateWrite(origin: string, fields: Fields): Promise<void> {
  for (const milliseconds of WAITS) {
    const visitor = new Visitor(origin)
    await visitor.signIn(newUser())
    let isOver = false
    const writing = visitor
      .put({ key: 'a', value: 'late', wait: milliseconds, ...fields })
      .finally(() => (isOver = true))
    // When these are answered, the write has read the session, and waits.
    await visitor.state()
    await visitor.state()
    await visitor.redirected('/sign-out', {}, '/')
    const wasLate = !isOver
    const answer = await writing
    if (!wasLate) continue
    const said = `${answer.status} ${await answer.text()}`
    assert.ok([401, 409].includes(answer.status), `The late write was answered by ${said}`)
    assert.ok(
      answer.headers.getSetCookie().some((value) => isCleared(value)),
      'The answer to the late write does not clear the cookie.',
    )
    await isNobodyWithAnyOf(visitor)
    return
  }
  assert.fail('The sign-out was never faster than the write.')
}

async function keepsCookieOfThrownRedirect(origin: string): Promise<void> {
  const visitor = new Visitor(origin)
  const response = await visitor.redirected('/thrown', { value: 'kept' }, '/state')
  assert.equal(
    visitor.seen.length,
    1,
    `The redirect has ${response.headers.getSetCookie().length} cookies.`,
  )
  assert.equal((await visitor.state()).a, 'kept')
}

async function readsWhileStreaming(origin: string): Promise<void> {
  const visitor = new Visitor(origin)
  const user = newUser()
  await visitor.signIn(user)
  // Compressed, the first bytes of a page may wait for the next ones.
  const headers = { ...BROWSER, 'Accept-Encoding': 'identity' }
  const response = await visitor.browser.fetch('/stream', { headers })
  assert.equal(response.status, 200)
  const chunks = await chunksOf(response)
  assert.ok(!(chunks[0] ?? user).includes(user), 'The page does not begin before its late part.')
  assert.ok(chunks.join('').includes(user), 'The late part does not show the user.')
  const page = await visitor.page('/stream?late=1')
  assert.match(page, /ERR_RESPONSE_SENT/, 'The late part could write, or does not say why not.')
  assert.deepEqual(await visitor.state(), { ...NOBODY, user })
}

async function findsTheRightCookie(origin: string): Promise<void> {
  const stranger = new Visitor(origin)
  await stranger.signIn(newUser())
  const [stale = ''] = stranger.seen
  await stranger.redirected('/sign-out', {}, '/')
  const visitor = new Visitor(origin)
  const user = newUser()
  await visitor.signIn(user)
  const own = visitor.browser.cookies.get(COOKIE) ?? ''
  const others = [
    stale,
    'made-by-another-application',
    own.replace(/.$/, (last) => (last === 'A' ? 'E' : 'A')),
  ]
  for (const other of others) {
    for (const values of [
      [other, own],
      [own, other],
      [other, own, other],
    ]) {
      const cookie = ['theme=dark', ...values.map((value) => `${COOKIE}=${value}`)].join('; ')
      const state = await new Visitor(origin).state({ Cookie: cookie })
      assert.deepEqual(state, { ...NOBODY, user })
    }
  }
}

type Fields = Readonly<Record<string, string | number>>

/** A browser at the application. */
export class Visitor {
  readonly origin: string
  readonly browser: TestBrowser
  readonly #seen = new Set<string>()

  constructor(origin: string) {
    const server: Server = async (request) => {
      // A request that is never answered is a fault of the application.
      const response = await fetch(request, { signal: AbortSignal.timeout(ANSWER_MS) })
      for (const value of response.headers.getSetCookie()) {
        const [, token] = new RegExp(`^${COOKIE}=([^;]+)`).exec(value) ?? []
        if (token !== undefined && !isCleared(value)) this.#seen.add(token)
      }
      return response
    }
    this.origin = origin
    this.browser = new TestBrowser(server, { origin })
  }

  /** The values of our cookie that the application has ever sent. */
  get seen(): readonly string[] {
    return [...this.#seen]
  }

  async page(path: string): Promise<string> {
    const response = await this.browser.fetch(path, {
      headers: { ...BROWSER, Accept: 'text/html' },
    })
    const text = await response.text()
    assert.equal(response.status, 200, `GET ${path}: ${response.status} ${text}`)
    assert.match(response.headers.get('Content-Type') ?? '', /^text\/html/)
    return text
  }

  async state(headers: Record<string, string> = {}): Promise<State> {
    const response = await this.browser.fetch('/state', { headers })
    const text = await response.text()
    assert.equal(response.status, 200, `GET /state: ${response.status} ${text}`)
    return JSON.parse(text) as State
  }

  /** Sends a form by a script, which takes any answer, or with another `Accept`. */
  post(path: string, fields: Fields, accept = '*/*'): Promise<Response> {
    const entries = Object.entries(fields).map(([name, value]) => [name, String(value)])
    const body = new URLSearchParams(entries)
    return this.browser.fetch(path, { method: 'POST', body, headers: { Accept: accept } })
  }

  put(fields: Fields): Promise<Response> {
    return this.post('/put', fields)
  }

  async count(): Promise<number> {
    const response = await this.post('/count', {})
    const text = await response.text()
    assert.equal(response.status, 200, `POST /count: ${response.status} ${text}`)
    return (JSON.parse(text) as { readonly count: number }).count
  }

  async signIn(user: string): Promise<void> {
    await this.redirected('/sign-in', { user }, '/')
  }

  /** Sends a form as a page does. The application must answer by a redirect to this path. */
  async redirected(path: string, fields: Fields, location: string): Promise<Response> {
    const response = await this.post(path, fields, 'text/html,*/*;q=0.8')
    const said = `POST ${path}: ${response.status} ${await response.text()}`
    assert.ok([302, 303].includes(response.status), said)
    const target = new URL(response.headers.get('Location') ?? '', new URL(path, response.url))
    assert.equal(target.pathname, location)
    return response
  }
}

async function isNobodyWithAnyOf(visitor: Visitor): Promise<void> {
  assert.deepEqual(await visitor.state(), NOBODY)
  assert.ok(visitor.seen.length > 0)
  for (const token of visitor.seen) {
    const state = await new Visitor(visitor.origin).state({ Cookie: `${COOKIE}=${token}` })
    assert.deepEqual(state, NOBODY, 'A cookie of before the sign-out still opens a session.')
  }
}

export function newUser(): string {
  return `user-${randomUUID()}`
}

function isCleared(setCookie: string): boolean {
  return setCookie.startsWith(`${COOKIE}=`) && /;\s*Max-Age=0/i.test(setCookie)
}

async function chunksOf(response: Response): Promise<string[]> {
  const chunks: string[] = []
  const decoder = new TextDecoder()
  for await (const bytes of response.body ?? [])
    chunks.push(decoder.decode(bytes, { stream: true }))
  return chunks
}
