import { env } from 'cloudflare:workers'
import fc from 'fast-check'
import { beforeAll, describe, expect, test } from 'vitest'

import type { RefusedReason, SessionEvent } from '../../src/index.ts'
import { type App, newApp } from '../support/app.ts'
import type { Browser } from '../support/browser.ts'
import { runs } from '../support/thorough.ts'

const NAME = '__Host-session'
const ANONYMOUS = [true, {}, {}]

/** A token of a session that has `{ n: 1 }`. */
let token: string

beforeAll(async () => {
  token = await tokenOf(newApp())
})

/** An app whose handler reads, so that every use of an accepted token would call the store. */
function readingApp(): App {
  const app = newApp()
  app.handler = async (session) => {
    const content = [await session.all(), await session.flashes()]
    return [session.isNew, ...content]
  }
  return app
}

async function tokenOf(app: App): Promise<string> {
  const browser = app.browser()
  app.handler = (session) => session.increment('n')
  await browser.fetch('/')
  return Array.from(browser.cookies.values()).join()
}

async function send(app: App, cookie: string): Promise<Response> {
  return app.browser().fetch('/', { headers: { cookie } })
}

interface Outcome {
  readonly status: number
  /** What the handler saw: whether the session is new, its dictionary, its flash messages. */
  readonly seen: unknown
  readonly setCookies: string[]
  readonly calls: string[]
  readonly events: SessionEvent[]
}

/** What comes of one request with this Cookie header. */
async function outcomeOf(cookie: string): Promise<Outcome> {
  const app = readingApp()
  const response = await send(app, cookie)
  const { status, headers } = response
  const setCookies = headers.getSetCookie()
  return { status, seen: await response.json(), setCookies, calls: app.calls, events: app.events }
}

/** As if there had been no cookie, and at no more cost; but with an event for each that was refused. */
function anonymous(...reasons: RefusedReason[]): Outcome {
  const events = reasons.map((reason) => ({ type: 'refused', reason }) as const)
  return { status: 200, seen: ANONYMOUS, setCookies: [], calls: [], events }
}

test('a request with the right token has its session, so that the rest says something', async () => {
  const app = readingApp()
  const response = await send(app, `${NAME}=${token}`)
  expect(await response.json()).toEqual([false, { n: 1 }, {}])
  expect(app.calls).toEqual(['read'])
  expect(app.events).toEqual([])
})

describe('a cookie that we did not sign is anonymous, with an event, no call and no cookie:', () => {
  test.for<[what: string, value: () => string]>([
    ['empty', () => ''],
    ['a word', () => 'x'],
    ['two quotation marks', () => '""'],
    ['null', () => 'null'],
    ['undefined', () => 'undefined'],
    ['an object', () => '{"user":"admin"}'],
    ['__proto__', () => '__proto__'],
    ['dots', () => '....'],
    ['an escaped null', () => '%00'],
    ['a broken escape', () => '%E0%A4%A'],
    ['in the shape of a token, but short', () => '1.AAAA.AAAA.AAAA'],
    ['a UUID', () => crypto.randomUUID()],
    ['an unsigned JWT', () => 'eyJhbGciOiJub25lIn0.eyJzdWIiOiJhZG1pbiJ9.'],
    ['of express-session', () => `s%3A${'A'.repeat(32)}.${'B'.repeat(43)}`],
    ['of Tornado', () => '2|1:0|10:1300000000|3:key|8:dmFsdWU=|'.padEnd(101, 'a')],
    ['over-long', () => 'a'.repeat(8000)],
    ['an over-long body', () => `1.AAAA.${'A'.repeat(100_000)}.${'A'.repeat(43)}`],
    ['a token without its MAC', () => token.slice(0, -44)],
    ['a token with an empty MAC', () => token.slice(0, -43)],
    ['a token and something more', () => `${token}A`],
    ['a quoted token', () => `"${token}"`],
    ['a padded token', () => `${token}=`],
    ['an escaped token', () => token.replaceAll('.', '%2E')],
    ['a token of another version', () => `3${token.slice(1)}`],
    ['the bare handle', () => token.slice(-87, -44)],
  ])('%s', async ([, value]) => {
    expect(await outcomeOf(`${NAME}=${value()}`)).toEqual(anonymous('malformed'))
  })

  test('a token in the form that has a bookmark', async () => {
    expect(await outcomeOf(`${NAME}=2${token.slice(1)}`)).toEqual(anonymous('forged'))
  })

  test('a token with another MAC', async () => {
    const mac = token.at(-2) === 'A' ? 'BA' : 'AA'
    expect(await outcomeOf(`${NAME}=${token.slice(0, -2)}${mac}`)).toEqual(anonymous('forged'))
  })

  test('a token with a body of its own', async () => {
    const own = `1.${token.slice(2, 6)}.${'A'.repeat(83)}.${token.slice(-43)}`
    expect(await outcomeOf(`${NAME}=${own}`)).toEqual(anonymous('forged'))
  })

  test('a token under the key id of no secret', async () => {
    const id = token.slice(2, 6) === 'AAAA' ? 'BBBB' : 'AAAA'
    expect(await outcomeOf(`${NAME}=1.${id}${token.slice(6)}`)).toEqual(anonymous('unknown-key'))
  })

  test('a token of another Worker, or of a retired secret', async () => {
    const foreign = await tokenOf(newApp({ secrets: ['x'.repeat(32)] }))
    expect(await outcomeOf(`${NAME}=${foreign}`)).toEqual(anonymous('unknown-key'))
  })

  test('a token of our own for another cookie name', async () => {
    const foreign = await tokenOf(newApp({ cookie: { name: '__Host-admin' } }))
    expect(foreign.split('.')).toHaveLength(4)
    expect(await outcomeOf(`${NAME}=${foreign}`)).toEqual(anonymous('forged'))
  })
})

// A browser takes such a cookie from any subdomain, where it takes none with the prefix __Host-. One name for all, since
// workerd warns of each; `readCookies` has its own test of the other spaces.
test('a token that we signed is not taken from a name with U+2000 before the prefix', async () => {
  expect(await outcomeOf(`theme=dark; \u2000${NAME}=${token}`)).toEqual(anonymous())
})

describe('random cookies', () => {
  const legal = fc.string({
    unit: fc.integer({ min: 0x20, max: 0x7e }).map((code) => String.fromCharCode(code)),
    maxLength: 200,
  })
  const one = fc.constantFrom(
    ...'ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_'.split(''),
  )
  const base64url = fc.string({ unit: one, maxLength: 110 })

  test('are anonymous, every time, with an event, no call and no cookie', async () => {
    const app = readingApp()
    const shaped = fc
      .tuple(base64url, base64url)
      .map(([body, mac]) => `1.${token.slice(2, 6)}.${body}.${mac.padEnd(43, 'A').slice(0, 43)}`)
    const mutated = fc
      .tuple(fc.nat(token.length - 1), fc.oneof(legal, one))
      .map(([at, text]) => token.slice(0, at) + text + token.slice(at + text.length))
      // A semicolon or a space after the whole token is no part of its value.
      .filter((value) => !/^\s*$/.test(value) && value.split(';', 1)[0]?.trim() !== token)
    const reasons = new Set<string>()
    await fc.assert(
      fc.asyncProperty(fc.oneof(legal, shaped, mutated), async (value) => {
        app.events.length = 0
        const response = await send(app, `${NAME}=${value}`)
        const { status } = response
        const setCookies = response.headers.getSetCookie()
        const found: unknown = await response.json()
        expect([status, setCookies, found]).toEqual([200, [], ANONYMOUS])
        expect(app.events.length).toBeGreaterThan(0)
        for (const event of app.events) reasons.add(event.type === 'refused' ? event.reason : '?')
      }),
      { numRuns: runs(10_000) },
    )
    expect(app.calls).toEqual([])
    expect(reasons).toEqual(new Set(['malformed', 'unknown-key', 'forged']))
  })

  test('as whole headers neither', async () => {
    const app = readingApp()
    const name = fc.constantFrom(NAME, `${NAME}2`, 'session', '', ' ', '$Version')
    const header = fc
      .array(fc.tuple(name, fc.constantFrom('=', '', '==', ' = '), legal))
      .map((pairs) => pairs.map((pair) => pair.join('')).join('; '))
    await fc.assert(
      fc.asyncProperty(header, async (cookie) => {
        const response = await send(app, cookie)
        const setCookies = response.headers.getSetCookie()
        const found: unknown = await response.json()
        expect([response.status, setCookies, found]).toEqual([200, [], ANONYMOUS])
      }),
      { numRuns: runs(1000) },
    )
    expect(app.calls).toEqual([])
  })
})

describe('a handle that we did not mint is never adopted', () => {
  async function firstWrite(value: string): Promise<[App, Browser]> {
    const app = newApp()
    const browser = app.browser()
    browser.cookies.set(NAME, value)
    app.handler = (session) => session.increment('n')
    await browser.fetch('/')
    return [app, browser]
  }

  test('by a first write, which makes a session of its own', async () => {
    const [app, browser] = await firstWrite('attacker-chosen')
    expect(browser.cookies.get(NAME)).toMatch(/^1\.[\w-]{4}\.[\w-]{91}\.[\w-]{43}$/)
    expect(app.calls).toEqual(['create'])
  })

  test('by a first write with a tampered token, whose session it does not touch', async () => {
    const own = await tokenOf(newApp())
    const [app, browser] = await firstWrite(
      `${own.slice(0, -2)}${own.at(-2) === 'A' ? 'BA' : 'AA'}`,
    )
    expect(app.calls).toEqual(['create'])
    expect(browser.cookies.get(NAME)?.slice(-87, -44)).not.toBe(own.slice(-87, -44))
    const owner = await send(readingApp(), `${NAME}=${own}`)
    expect(await owner.json()).toEqual([false, { n: 1 }, {}])
  })
})

describe('several cookies of our name', () => {
  const forged = (): string => token.slice(0, -43) + 'A'.repeat(43)

  test.for<[what: string, header: () => string, reasons: RefusedReason[]]>([
    ['a malformed one first', () => `${NAME}=x; ${NAME}=${token}`, ['malformed']],
    ['a malformed one last', () => `${NAME}=${token}; ${NAME}=x`, []],
    ['a forged one first', () => `${NAME}=${forged()}; ${NAME}=${token}`, ['forged']],
    ['a forged one last', () => `${NAME}=${token}; ${NAME}=${forged()}`, []],
    ['an empty one first', () => `${NAME}=; ${NAME}=${token}`, ['malformed']],
    [
      'an over-long one first',
      () => `${NAME}=${'a'.repeat(8000)}; ${NAME}=${token}`,
      ['malformed'],
    ],
    [
      'one on either side, and others between',
      () => `a=b; ${NAME}=x; c=${NAME}=y; ${NAME}=${token}; d=e; ${NAME}=z`,
      ['malformed'],
    ],
    ['the same one twice', () => `${NAME}=${token}; ${NAME}=${token}`, []],
    [
      'three before',
      () => `${`${NAME}=x; `.repeat(3)}${NAME}=${token}; ${NAME}=x`,
      ['malformed', 'malformed', 'malformed'],
    ],
  ])('%s: the right one counts', async ([, header, reasons]) => {
    const app = readingApp()
    const response = await send(app, header())
    expect(response.status).toBe(200)
    expect(await response.json()).toEqual([false, { n: 1 }, {}])
    expect(response.headers.getSetCookie()).toEqual([])
    expect(app.calls).toEqual(['read'])
    const [several, ...refused] = app.events
    expect(several).toMatchObject({ type: 'duplicate-cookie' })
    expect(refused).toEqual(reasons.map((reason) => ({ type: 'refused', reason })))
  })

  test.for([4, 5, 6, 1000])(
    'are looked at up to the fourth, and not with %i before',
    async (count) => {
      const header = `${`${NAME}=x; `.repeat(count)}${NAME}=${token}`
      const four = anonymous('malformed', 'malformed', 'malformed', 'malformed')
      const { events, ...outcome } = await outcomeOf(header)
      const refused = events.filter(({ type }) => type === 'refused')
      expect({ ...outcome, events: refused }).toEqual(four)
    },
  )

  test('do not make two sessions into one: the first right one counts', async () => {
    const second = await tokenOf(newApp())
    const [mine] = await idsOf(`${NAME}=${token}`, `${NAME}=${second}`)
    const [both, reverse] = await idsOf(
      `${NAME}=${token}; ${NAME}=${second}`,
      `${NAME}=${second}; ${NAME}=${token}`,
    )
    expect(both).toBe(mine)
    expect(reverse).not.toBe(mine)
  })

  async function idsOf(...headers: string[]): Promise<unknown[]> {
    const app = newApp()
    app.handler = (session) => session.id
    return Promise.all(headers.map(async (cookie) => (await send(app, cookie)).json()))
  }
})

test('an event says nothing of the cookie it is about', async () => {
  const app = readingApp()
  await send(app, `${NAME}=${token}x; ${NAME}=secret-value; ${NAME}=1.AAAA${token.slice(6)}`)
  expect(app.events.map((event) => Object.keys(event))).toEqual([
    ['type', 'count'],
    ['type', 'reason'],
    ['type', 'reason'],
    ['type', 'reason'],
  ])
  expect(JSON.stringify(app.events)).not.toContain(token.slice(7, 20))
  expect(JSON.stringify(app.events)).not.toContain(env.SESSION_SECRET)
})

test('a token is taken from the cookie only', async () => {
  const app = readingApp()
  const response = await app.browser().fetch(`/?${NAME}=${token}`, {
    method: 'POST',
    headers: { Authorization: `Bearer ${token}`, 'X-Session': token, Cookie2: `${NAME}=${token}` },
    body: `${NAME}=${token}`,
  })
  expect(await response.json()).toEqual(ANONYMOUS)
  expect(app.calls).toEqual([])
})
