import { env } from 'cloudflare:workers'
import { describe, expect, test } from 'vitest'

import { router as cart } from '../../examples/readme/cart.ts'
import { greet, handle } from '../../examples/readme/open-and-commit.ts'
import readCache from '../../examples/readme/read-cache.ts'
import users from '../../examples/readme/users.ts'
import worker from '../../examples/readme/worker.ts'
import { Browser } from '../support/browser.ts'
import { countingNamespace } from '../support/counting-namespace.ts'
import { CONTEXT } from '../support/site.ts'

const POST = { method: 'POST' }

/** A visitor of a router. */
function visitor(router: { fetch: (...parameters: never) => Promise<Response> }): Browser {
  return new Browser((request) => Reflect.apply(router.fetch, router, [request, env, CONTEXT]))
}

/** A browser in which this user has signed in to the Worker with users. */
async function signedIn(name: string): Promise<Browser> {
  const browser = visitor(users)
  const body = JSON.stringify({ name, password: 'open sesame' })
  expect(await browser.json('/login', { ...POST, body })).toBe('Welcome')
  return browser
}

describe('the README', () => {
  test('opens with a Worker that counts, and gives no cookie to who stores nothing', async () => {
    const [ada, bob] = [visitor(worker), visitor(worker)]
    const response = await bob.fetch('/')
    expect(await response.json()).toEqual({ likes: 0 })
    expect(response.headers.get('Set-Cookie')).toBe(null)
    await ada.json('/', POST)
    await Promise.all([1, 2, 3].map(() => ada.fetch('/', POST)))
    expect(await ada.json('/')).toEqual({ likes: 4 })
  })

  test('changes a value by its present one, and overlapping requests lose nothing', async () => {
    const browser = visitor(cart)
    expect(await browser.json('/cart/apple', POST)).toEqual(['apple'])
    await Promise.all(['pear', 'plum', 'fig'].map((item) => browser.fetch(`/cart/${item}`, POST)))
    const items = await browser.json<string[]>('/cart/nut', POST)
    expect(items.toSorted()).toEqual(['apple', 'fig', 'nut', 'pear', 'plum'])
  })

  test.for([
    ['by halves', handle],
    ['in one call', greet],
  ] as const)('opens and commits a session %s: the response has the cookie', async ([, run]) => {
    const response = await run(new Request('https://app.example/a'), env)
    expect(await response.text()).toBe('hello')
    expect(response.headers.get('Set-Cookie')).toMatch(
      /^__Host-session=1\.[\w.-]+; Path=\/; Secure/,
    )
  })
})

describe('the README’s Worker with users', () => {
  test('shows a user’s sessions, and whose each is', async () => {
    const laptop = await signedIn('readme-ada')
    const other = await signedIn('readme-ada')
    await signedIn('readme-bob')
    const listed = await laptop.json<{ label: string; isCurrent: boolean }[]>('/devices')
    expect(listed).toHaveLength(2)
    expect(listed).toEqual(
      [false, true].map((isCurrent) => expect.objectContaining({ label: 'laptop', isCurrent })),
    )
    expect(await other.json('/devices')).toHaveLength(2)
  })

  test('ends all but this one', async () => {
    const [mine, other] = [await signedIn('readme-eve'), await signedIn('readme-eve')]
    expect(await mine.json('/sign-out-others', POST)).toBe(1)
    expect((await other.fetch('/devices')).status).toBe(401)
    expect(await mine.json('/devices')).toHaveLength(1)
  })

  test('lets nobody in without a sign-in, and sends a page to it', async () => {
    const stranger = visitor(users)
    expect((await stranger.fetch('/sign-out-others', POST)).status).toBe(403)
    const page = await stranger.fetch('/devices', { headers: { Accept: 'text/html' } })
    expect(page.headers.get('Location')).toBe('/login?next=%2Fdevices')
    const body = JSON.stringify({ name: 'readme-ada', password: 'wrong' })
    expect((await stranger.fetch('/login', { ...POST, body })).status).toBe(500)
    expect(stranger.cookies.size).toBe(0)
  })
})

test('the README’s read cache answers without a call, sees its own writes, and asks where it is told to', async () => {
  const { namespace, calls } = countingNamespace(env.SESSIONS)
  const bindings = { ...env, SESSIONS: namespace }
  const browser = new Browser((request) => readCache.fetch(request, bindings, CONTEXT))
  const callsOf = async (request: () => Promise<unknown>): Promise<[unknown, number]> => {
    calls.length = 0
    const answer = await request()
    return [answer, calls.length]
  }
  expect(await callsOf(() => browser.json('/', POST))).toEqual([1, 1])
  expect(await callsOf(() => browser.json('/'))).toEqual([1, 0])
  // By a read that had no call, and the write itself.
  expect(await callsOf(() => browser.json('/', POST))).toEqual([2, 1])
  expect(await callsOf(() => browser.json('/'))).toEqual([2, 0])
  expect(await callsOf(() => browser.json('/?fresh'))).toEqual([2, 1])
})
