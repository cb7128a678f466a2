import { env } from 'cloudflare:workers'
import { afterAll, afterEach, beforeEach, describe, expect, test, vi } from 'vitest'

import worker from '../../examples/accounts/worker.ts'
import { Browser } from '../support/browser.ts'
import { CONTEXT } from '../support/site.ts'

/** The clock, which the example may look at when it is imported or at each call. */
const clock = vi.hoisted(() => {
  const now = Date.now
  const moved = { milliseconds: 0, restore: () => void (Date.now = now) }
  Date.now = () => now() + moved.milliseconds
  return moved
})
afterAll(() => clock.restore())

const POST = { method: 'POST' }
const PASSWORD = 'open sesame'

let log: string[] = []
beforeEach(() => {
  log = []
  const write = (line: unknown): void => void log.push(String(line))
  for (const level of ['log', 'warn', 'error'] as const)
    vi.spyOn(console, level).mockImplementation(write)
})
afterEach(() => {
  clock.milliseconds = 0
  vi.restoreAllMocks()
})

function visitor(): Browser {
  return new Browser((request) => worker.fetch(request, env, CONTEXT))
}

/** Sends a form. */
function send(
  browser: Browser,
  path: string,
  fields: Record<string, string> = {},
  headers: Record<string, string> = {},
): Promise<Response> {
  return browser.fetch(path, { ...POST, body: new URLSearchParams(fields), headers })
}

async function signedIn(name: string, browser: Browser = visitor()): Promise<Browser> {
  const response = await send(browser, '/login', { name, password: PASSWORD })
  expect(response.status).toBe(303)
  return browser
}

interface Who {
  readonly userId?: string
  readonly authenticatedAt?: string
  readonly aal?: number
}

const whoIs = (browser: Browser): Promise<Who> => browser.json<Who>('/who')

describe('signing in', () => {
  test('by the wrong password is refused, with no cookie', async () => {
    const browser = visitor()
    const response = await send(browser, '/login', { name: 'ada', password: 'wrong' })
    expect([response.status, await response.text()]).toEqual([401, 'Wrong name or password'])
    expect(browser.cookies.size).toBe(0)
  })

  test('tells who it is, since when and how well, and goes where the visitor wanted to', async () => {
    const browser = visitor()
    expect(await whoIs(browser)).toEqual({})
    const path = '/login?next=%2Faccount'
    const response = await send(browser, path, { name: 'accounts-ada', password: PASSWORD })
    expect([response.status, response.headers.get('Location')]).toEqual([303, '/account'])
    const { authenticatedAt = '', ...who } = await whoIs(browser)
    expect(who).toEqual({ userId: 'accounts-ada', aal: 1 })
    expect(Math.abs(Date.now() - Date.parse(authenticatedAt))).toBeLessThan(30_000)
  })

  test('goes to no other site', async () => {
    const path = '/login?next=%2F%2Fevil.example'
    const response = await send(visitor(), path, { name: 'accounts-ada', password: PASSWORD })
    expect(response.headers.get('Location')).toBe('/')
  })

  test('kills the token that was there before', async () => {
    const browser = await signedIn('accounts-ada')
    const planted = browser.copy()
    await signedIn('accounts-ada', browser)
    expect((await whoIs(browser)).userId).toBe('accounts-ada')
    expect(await whoIs(planted)).toEqual({})
  })

  test('is written to the log, without the user’s name', async () => {
    await signedIn('accounts-ada')
    const events = log.map((line) => JSON.parse(line) as { source: string; type: string })
    expect(events).toContainEqual(
      expect.objectContaining({ source: 'edge-session', type: 'signed-in' }),
    )
    expect(log.join()).not.toContain('accounts-ada')
  })
})

test('signing out ends the session for every copy of its cookie', async () => {
  const browser = await signedIn('accounts-out')
  const stolen = browser.copy()
  const response = await send(browser, '/logout')
  expect([response.status, response.headers.get('Location')]).toEqual([303, '/'])
  expect(response.headers.get('Set-Cookie')).toMatch(/^__Host-session=; Max-Age=0;/)
  expect(await whoIs(stolen)).toEqual({})
})

describe('a route for users only', () => {
  test('lets users in', async () => {
    const browser = await signedIn('accounts-ada')
    expect(await browser.json('/account')).toEqual({ hello: 'accounts-ada' })
  })

  test('sends a page to the sign-in and back, and answers all else by a problem', async () => {
    const browser = visitor()
    const page = await browser.fetch('/account', { headers: { Accept: 'text/html' } })
    expect([page.status, page.headers.get('Location')]).toEqual([302, '/login?next=%2Faccount'])
    expect((await browser.fetch('/account')).status).toBe(401)
    expect((await send(browser, '/password', { password: 'new' })).status).toBe(403)
  })

  test('that asks for a fresh sign-in has one for five minutes', async () => {
    const browser = await signedIn('accounts-fresh')
    const change = (): Promise<Response> => send(browser, '/password', { password: 'new' })
    clock.milliseconds += 299_000
    expect(await (await change()).text()).toBe('Changed')
    clock.milliseconds += 1000
    expect((await change()).status).toBe(403)
    expect((await browser.fetch('/account')).status).toBe(200)
    await signedIn('accounts-fresh', browser)
    expect((await change()).status).toBe(200)
  })
})

describe('a form', () => {
  /** The token in the page with the form. */
  async function tokenOf(browser: Browser): Promise<string> {
    const page = await (await browser.fetch('/transfer')).text()
    return /name="csrf" value="([\w-]+)"/.exec(page)?.[1] ?? ''
  }

  test('of this site is taken, by what the browser says or by its token', async () => {
    const browser = await signedIn('accounts-form')
    const own = await send(
      browser,
      '/transfer',
      { amount: '5' },
      { 'Sec-Fetch-Site': 'same-origin' },
    )
    expect(await own.json()).toEqual({ sent: 5 })
    const [one, another] = [await tokenOf(browser), await tokenOf(browser)]
    expect(one).not.toBe(another)
    const byToken = await send(browser, '/transfer', { amount: '6', csrf: one })
    expect(await byToken.json()).toEqual({ sent: 6 })
  })

  test('of another site, or without a token where the browser says nothing, is refused', async () => {
    const browser = await signedIn('accounts-form')
    const csrf = await tokenOf(browser)
    const foreign = { 'Sec-Fetch-Site': 'cross-site' }
    const refused = [
      await send(browser, '/transfer', { amount: '5', csrf }, foreign),
      await send(browser, '/transfer', { amount: '5' }),
      await send(browser, '/transfer', { amount: '5', csrf: `${csrf.slice(0, -1)}B` }),
    ]
    expect(refused.map(({ status }) => status)).toEqual([403, 403, 403])
  })

  test('has a token that dies with the next sign-in', async () => {
    const browser = await signedIn('accounts-form')
    const csrf = await tokenOf(browser)
    await signedIn('accounts-form', browser)
    expect((await send(browser, '/transfer', { amount: '5', csrf })).status).toBe(403)
  })
})

describe('the list of devices', () => {
  interface Device {
    readonly id: string
    readonly label: string
    readonly isCurrent: boolean
  }

  const devices = (browser: Browser): Promise<Device[]> => browser.json<Device[]>('/devices')

  test('has the latest sign-in first, and says which is this one', async () => {
    const first = await signedIn('accounts-list')
    await signedIn('accounts-list')
    const listed = await devices(first)
    expect(listed.map(({ isCurrent }) => isCurrent)).toEqual([false, true])
    expect(Object.keys(listed[1] ?? {})).toEqual(
      expect.arrayContaining(['id', 'createdAt', 'lastSeenAt', 'expiresAt', 'label', 'isCurrent']),
    )
    expect(listed[1]?.label).toBe('Ada’s phone')
  })

  test('ends one; another user’s id does nothing, and gives false', async () => {
    const [mine, other] = [await signedIn('accounts-one'), await signedIn('accounts-one')]
    const stranger = await signedIn('accounts-stranger')
    const { id = '' } = (await devices(mine)).find(({ isCurrent }) => !isCurrent) ?? {}
    const [theirs] = await devices(stranger)
    expect(await (await send(mine, `/devices/${theirs?.id}/end`)).json()).toBe(false)
    expect((await stranger.fetch('/account')).status).toBe(200)
    expect(await (await send(mine, `/devices/${id}/end`)).json()).toBe(true)
    expect((await other.fetch('/account')).status).toBe(401)
    expect(await devices(mine)).toHaveLength(1)
  })

  test('ends all others, and then all', async () => {
    const mine = await signedIn('accounts-all')
    const others = [await signedIn('accounts-all'), await signedIn('accounts-all')]
    const stolen = mine.copy()
    expect(await (await send(mine, '/devices/others/end')).json()).toBe(2)
    for (const other of others) expect((await other.fetch('/account')).status).toBe(401)
    const response = await send(mine, '/devices/all/end')
    expect(await response.json()).toBe(1)
    expect(response.headers.get('Set-Cookie')).toMatch(/^__Host-session=; Max-Age=0;/)
    expect((await stolen.fetch('/account')).status).toBe(401)
  })
})

test('a token in use is replaced after 15 minutes, and the session is over after one idle hour', async () => {
  const browser = await signedIn('accounts-renew')
  const before = browser.cookieHeader()
  clock.milliseconds += 14 * 60_000
  await whoIs(browser)
  expect(browser.cookieHeader()).toBe(before)
  clock.milliseconds += 60_000
  expect((await whoIs(browser)).userId).toBe('accounts-renew')
  expect(browser.cookieHeader()).not.toBe(before)
  clock.milliseconds += 59 * 60_000
  expect((await whoIs(browser)).userId).toBe('accounts-renew')
  clock.milliseconds += 60 * 60_000
  expect(await whoIs(browser)).toEqual({})
})
