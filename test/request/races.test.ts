import { env, exports } from 'cloudflare:workers'
import { describe, expect, test } from 'vitest'

import { Browser } from '../support/browser.ts'
import { during, together } from '../support/gates.ts'
import { IS_THOROUGH } from '../support/thorough.ts'

// REQUIREMENTS.md's race table: one cookie, overlapping requests, gates inside the handlers, through a Worker's fetch.

interface Answer {
  readonly result: unknown
  readonly id: string
  readonly isNew: boolean
}

const ROUNDS = IS_THOROUGH ? 5 : 1

function visitor(): Browser {
  return new Browser((request) => exports.default.fetch(request))
}

async function visitorWith(path: string, ...queries: string[]): Promise<Browser> {
  const browser = visitor()
  for (const query of ['do=set&key=base&value=1', ...queries]) {
    await browser.fetch(`${path}?${query}`)
  }
  return browser
}

async function all(browser: Browser, path: string): Promise<unknown> {
  return (await browser.json<Answer>(path)).result
}

const ATOMIC: readonly (readonly [name: string, path: string, isThere: boolean])[] = [
  ['Durable Objects', '/objects', true],
  [
    'Redis (skipped where redis-server is not installed)',
    '/redis',
    IS_THOROUGH && env.REDIS_PORT > 0,
  ],
  [
    'memcached (skipped where it is not installed)',
    '/memcached',
    IS_THOROUGH && env.MEMCACHED_PORT > 0,
  ],
]

describe.for(ATOMIC)('on %s', ([, path, isThere]) => {
  describe.skipIf(!isThere)('in a Worker', () => {
    raceTable(path)
  })
})

function raceTable(path: string): void {
  test.for(Array.from({ length: ROUNDS }, (_, round) => round))(
    'two overlapping requests that set different keys both keep theirs (round %i)',
    async () => {
      const browser = await visitorWith(path)
      await together(2, ({ name }, index) =>
        browser.fetch(`${path}?load&do=set&key=${'ab'[index]}&value=${index + 1}&before=${name}`),
      )
      expect(await all(browser, path)).toEqual({ base: '1', a: '1', b: '2' })
    },
  )

  test('ten overlapping increments come to ten', async () => {
    const browser = await visitorWith(path)
    const answers = await together(10, ({ name }) =>
      browser.json<Answer>(`${path}?load&do=increment&key=n&before=${name}`),
    )
    const counts = answers.map(({ result }) => Number(result))
    expect(counts.toSorted((a, b) => a - b)).toEqual([1, 2, 3, 4, 5, 6, 7, 8, 9, 10])
    expect(await all(browser, path)).toEqual({ base: '1', n: 10 })
  })

  test('thirty overlapping updates of one key all take effect', async () => {
    const browser = await visitorWith(path)
    await Promise.all(
      Array.from({ length: 30 }, () => browser.fetch(`${path}?do=append&key=text&value=x`)),
    )
    expect(await all(browser, path)).toEqual({ base: '1', text: 'x'.repeat(30) })
  })

  test('exactly one of ten overlapping requests takes a value', async () => {
    const browser = await visitorWith(path, 'do=set&key=state&value=abc')
    const answers = await together(10, ({ name }) =>
      browser.json<Answer>(`${path}?load&do=take&key=state&before=${name}`),
    )
    const taken = answers.map(({ result }) => result)
    expect(taken.filter((value) => value === 'abc')).toHaveLength(1)
    expect(taken.filter((value) => value === null)).toHaveLength(9)
  })

  test('exactly one of ten overlapping requests shows a flash message', async () => {
    const browser = await visitorWith(path, 'do=flash&key=notice&value=saved')
    const answers = await together(10, ({ name }) =>
      browser.json<Answer>(`${path}?load&do=flashes&before=${name}`),
    )
    const shown = answers.map(({ result }) => JSON.stringify(result))
    expect(shown.filter((text) => text === '{"notice":"saved"}')).toHaveLength(1)
    expect(shown.filter((text) => text === '{}')).toHaveLength(9)
  })

  test('a slow request that only reads leaves what another writes meanwhile', async () => {
    const browser = await visitorWith(path)
    await during(
      ({ name }) => browser.fetch(`${path}?load&do=all&after=${name}`),
      () => browser.fetch(`${path}?do=set&key=a&value=2`),
    )
    expect(await all(browser, path)).toEqual({ base: '1', a: '2' })
  })

  test('a logout during a slow writing request stands, and the late write is refused', async () => {
    const browser = await visitorWith(path)
    const thief = browser.copy()
    const [late, logout] = await during(
      ({ name }) => browser.copy().fetch(`${path}?load&do=set&key=a&value=1&after=${name}`),
      () => browser.fetch(`${path}?do=destroy`),
    )
    expect(logout.status).toBe(200)
    expect(late.status).toBe(409)
    expect(late.headers.get('Content-Type')).toBe('application/problem+json')
    expect(browser.cookies.size).toBe(0)
    expect(await thief.json(path)).toMatchObject({ result: {}, isNew: true })
  })

  test('a logout during a slow incrementing request stands', async () => {
    const browser = await visitorWith(path)
    const thief = browser.copy()
    const [late] = await during(
      ({ name }) => browser.copy().fetch(`${path}?load&do=increment&key=n&before=${name}`),
      () => browser.fetch(`${path}?do=destroy`),
    )
    expect(late.status).toBe(409)
    expect(await thief.json(path)).toMatchObject({ result: {}, isNew: true })
  })

  test('a logout during a slow reading request stands', async () => {
    const browser = await visitorWith(path)
    const thief = browser.copy()
    const [reading] = await during(
      ({ name }) => browser.copy().fetch(`${path}?load&do=all&after=${name}`),
      () => browser.fetch(`${path}?do=destroy`),
    )
    expect(reading.status).toBe(200)
    expect(reading.headers.getSetCookie()).toEqual([])
    expect(await thief.json(path)).toMatchObject({ result: {}, isNew: true })
  })

  test('a regenerate during a slow write leaves the old token dead and refuses the write', async () => {
    const browser = await visitorWith(path)
    const old = browser.copy()
    const [late] = await during(
      ({ name }) => old.copy().fetch(`${path}?load&do=set&key=a&value=1&after=${name}`),
      () => browser.fetch(`${path}?do=regenerate`),
    )
    expect(late.status).toBe(409)
    // The browser may hold the new token by now: the late answer must not touch it.
    expect(late.headers.getSetCookie()).toEqual([])
    expect(await old.json(path)).toMatchObject({ result: {}, isNew: true })
    expect(await all(browser, path)).toEqual({ base: '1' })
  })

  test('of two parallel regenerates one wins, the other learns it, and one session lives', async () => {
    const browser = await visitorWith(path)
    const tabs = [browser.copy(), browser.copy()] as const
    const [one, other] = tabs
    const answers = await together(2, ({ name }, index) =>
      (index === 0 ? one : other).fetch(`${path}?load&do=regenerate&before=${name}`),
    )
    expect(answers.map(({ status }) => status).toSorted()).toEqual([200, 409])
    const live = await Promise.all(tabs.map((tab) => all(tab, path)))
    expect(live).toContainEqual({ base: '1' })
    expect(live).toContainEqual({})
  })

  test('a request with a token regenerated a moment ago makes no session over the new one', async () => {
    const browser = await visitorWith(path)
    const old = browser.copy()
    await browser.fetch(`${path}?do=regenerate`)
    const response = await old.fetch(`${path}?load&do=set&key=a&value=1`)
    expect(response.status).toBe(409)
    expect(response.headers.getSetCookie()).toEqual([])
    expect(await all(browser, path)).toEqual({ base: '1' })
  })

  test('five parallel first requests that store nothing make no session', async () => {
    const browser = visitor()
    const answers = await together(5, ({ name }) =>
      browser.fetch(`${path}?load&do=nothing&before=${name}`),
    )
    expect(answers.flatMap(({ headers }) => headers.getSetCookie())).toEqual([])
  })

  test('the request after a write sees it, at once and from anywhere', async () => {
    const browser = visitor()
    await browser.fetch(`${path}?do=set&key=a&value=1`)
    expect(await all(browser, path)).toEqual({ a: '1' })
    await browser.fetch(`${path}?do=set&key=a&value=2`)
    expect(await all(browser.copy(), path)).toEqual({ a: '2' })
  })
}

describe('on Workers KV', () => {
  test('the last of two overlapping writers wins, which the table says', async () => {
    const browser = await visitorWith('/kv')
    await together(2, ({ name }, index) =>
      browser.fetch(`/kv?load&do=set&key=${'ab'[index]}&value=${index + 1}&before=${name}`),
    )
    expect(await all(browser, '/kv')).toMatchObject({ base: '1' })
  })

  test('writers that do not overlap in the store both keep theirs, however long they hold the session', async () => {
    const browser = await visitorWith('/kv')
    await during(
      ({ name }) => browser.fetch(`/kv?load&do=set&key=a&value=1&after=${name}`),
      () => browser.fetch('/kv?do=set&key=b&value=2'),
    )
    expect(await all(browser, '/kv')).toEqual({ base: '1', a: '1', b: '2' })
  })

  test('a slow request that only reads leaves what another writes meanwhile', async () => {
    const browser = await visitorWith('/kv')
    await during(
      ({ name }) => browser.fetch(`/kv?load&do=all&after=${name}`),
      () => browser.fetch('/kv?do=set&key=a&value=2'),
    )
    expect(await all(browser, '/kv')).toEqual({ base: '1', a: '2' })
  })

  test('a logout during a slow writing request stands, and the late write is refused', async () => {
    const browser = await visitorWith('/kv')
    const thief = browser.copy()
    const [late] = await during(
      ({ name }) => browser.copy().fetch(`/kv?load&do=set&key=a&value=1&after=${name}`),
      () => browser.fetch('/kv?do=destroy'),
    )
    expect(late.status).toBe(409)
    expect(await thief.json('/kv')).toMatchObject({ result: {}, isNew: true })
  })

  test('a regenerate during a slow write leaves the old token dead and the new cookie alone', async () => {
    const browser = await visitorWith('/kv')
    const old = browser.copy()
    const before = (await browser.json<Answer>('/kv')).id
    const [late] = await during(
      ({ name }) => old.copy().fetch(`/kv?load&do=set&key=a&value=1&after=${name}`),
      () => browser.fetch('/kv?do=regenerate'),
    )
    expect(late.status).toBe(409)
    expect(late.headers.getSetCookie()).toEqual([])
    expect(await old.json('/kv')).toMatchObject({ result: {}, isNew: true })
    expect(await browser.json('/kv')).toMatchObject({ result: { base: '1' }, id: before })
  })

  test.for(['increment', 'append', 'take'])(
    '%s is refused, naming a store that can',
    async (action) => {
      const browser = await visitorWith('/kv')
      const response = await browser.fetch(`/kv?do=${action}`)
      expect(response.status).toBe(500)
      expect(await response.text()).toMatch(
        /ERR_NOT_ATOMIC: The kv store cannot .* Use durableObjectStore/,
      )
    },
  )
})
