import fc from 'fast-check'
import { describe, expect, test } from 'vitest'

import { type App, newApp } from '../support/app.ts'

const NAME = '__Host-session'

/** An app whose handler reads and writes, so that every use of an accepted token would call the store. */
function readingApp(): App {
  const app = newApp()
  app.handler = async (session) => [session.isNew, await session.all(), await session.flashes()]
  return app
}

async function validToken(): Promise<string> {
  const app = newApp()
  const browser = app.browser()
  app.handler = (session) => session.increment('n')
  await browser.fetch('/')
  return browser.cookies.get(NAME) ?? ''
}

describe('a cookie that we did not sign', () => {
  test.for(['x', '', '""', 'null', '1.AAAA.AAAA.AAAA', '..', '....', '%00', 'a'.repeat(8000)])(
    '%j is anonymous, with an event, no call and no cookie',
    async (value) => {
      const app = readingApp()
      const headers = { cookie: `${NAME}=${value}` }
      const response = await app.browser().fetch('/', { headers })
      expect(response.status).toBe(200)
      expect(await response.json()).toEqual([true, {}, {}])
      expect(response.headers.getSetCookie()).toEqual([])
      expect(app.calls).toEqual([])
      expect(app.events).toEqual([{ type: 'refused', reason: 'malformed' }])
    },
  )

  test('of 10,000 random ones is anonymous, every time', async () => {
    const token = await validToken()
    const app = readingApp()
    const printable = fc.string({
      unit: fc.integer({ min: 0x21, max: 0x7e }).map((code) => String.fromCharCode(code)),
      maxLength: 200,
    })
    const mutated = fc
      .tuple(fc.nat(token.length - 1), fc.constantFrom(...'ABCyz01-_.~=;'.split('')))
      .map(([at, character]) => token.slice(0, at) + character + token.slice(at + 1))
      .filter((value) => value !== token)
    await fc.assert(
      fc.asyncProperty(fc.oneof(printable, mutated), async (value) => {
        const response = await app.browser().fetch('/', { headers: { cookie: `${NAME}=${value}` } })
        expect(response.status).toBe(200)
        expect(await response.json()).toEqual([true, {}, {}])
        expect(response.headers.getSetCookie()).toEqual([])
      }),
      { numRuns: 10_000 },
    )
    expect(app.calls).toEqual([])
    expect(app.events.every(({ type }) => type === 'refused')).toBe(true)
  }, 60_000)

  test('is never adopted: a first write makes a session of its own', async () => {
    const app = newApp()
    const browser = app.browser()
    browser.cookies.set(NAME, 'attacker-chosen')
    app.handler = (session) => session.increment('n')
    await browser.fetch('/')
    expect(browser.cookies.get(NAME)).toMatch(/^1\./)
  })
})

describe('several cookies of our name', () => {
  test.for([
    ['a forged one first', (token: string) => `${NAME}=x; ${NAME}=${token}`],
    ['a forged one last', (token: string) => `${NAME}=${token}; ${NAME}=x`],
  ] as const)('%s: the right one counts', async ([, header]) => {
    const token = await validToken()
    const app = readingApp()
    const response = await app.browser().fetch('/', { headers: { cookie: header(token) } })
    expect(await response.json()).toEqual([false, { n: 1 }, {}])
  })

  test('are looked at up to the fourth', async () => {
    const token = await validToken()
    const app = readingApp()
    const cookie = `${`${NAME}=x; `.repeat(4)}${NAME}=${token}`
    const response = await app.browser().fetch('/', { headers: { cookie } })
    expect(await response.json()).toEqual([true, {}, {}])
  })
})

test('a token is taken from the cookie only', async () => {
  const token = await validToken()
  const app = readingApp()
  const response = await app.browser().fetch(`/?${NAME}=${token}`, {
    method: 'POST',
    headers: { Authorization: `Bearer ${token}`, 'X-Session': token },
    body: `${NAME}=${token}`,
  })
  expect(await response.json()).toEqual([true, {}, {}])
})
