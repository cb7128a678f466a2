import { env } from 'cloudflare:workers'
import { afterEach, describe, expect, test, vi } from 'vitest'

import { jsonLog, type SessionEvent } from '../../src/index.ts'
import { renewing } from '../../src/renew.ts'
import { userIndex } from '../../src/store/user-index.ts'
import { type App, type Handler, newApp } from '../support/app.ts'
import type { Browser } from '../support/browser.ts'
import { CONTEXT } from '../support/site.ts'

const load: Handler = (session) => session.load()

async function signedIn(
  app: App,
  headers: Record<string, string>,
  cf: CfProperties = {},
): Promise<Browser> {
  const browser = app.browser()
  app.handler = (session) => session.signIn(`user ${crypto.randomUUID()}`)
  await browser.fetch('/', { headers, cf })
  app.events.length = 0
  app.handler = load
  return browser
}

describe('a change of the device', () => {
  const phone = { 'User-Agent': 'A phone' }

  test('is reported, and logs nobody out', async () => {
    const app = newApp()
    const browser = await signedIn(app, phone, { country: 'PT' })
    await browser.fetch('/', { headers: phone, cf: { country: 'PT' } })
    expect(app.events).toEqual([])
    app.handler = async (session) => {
      await session.load()
      await session.increment('n')
      return [session.id, session.userId]
    }
    const init = { headers: { 'User-Agent': 'A laptop' }, cf: { country: 'PT' } }
    const [id, userId] = await browser.json<[string, string]>('/', init)
    expect(userId).toMatch(/^user /)
    // Once a request.
    expect(app.events).toEqual([{ type: 'device-changed', what: 'user-agent', id }])
    app.events.length = 0
    await browser.fetch('/', { headers: phone, cf: { country: 'BR' } })
    expect(app.events).toEqual([{ type: 'device-changed', what: 'country', id }])
  })

  test('is that of a signed-in session only, and a new sign-in takes the new device', async () => {
    const app = newApp()
    const browser = app.browser()
    app.handler = (session) => session.set('a', 1)
    await browser.fetch('/', { headers: phone })
    app.events.length = 0
    await browser.fetch('/', { headers: { 'User-Agent': 'A laptop' } })
    app.handler = (session) => session.signIn('ada')
    await browser.fetch('/', { headers: { 'User-Agent': 'A laptop' } })
    app.handler = load
    await browser.fetch('/', { headers: { 'User-Agent': 'A laptop' } })
    expect(app.events.map(({ type }) => type)).toEqual(['signed-in'])
  })

  test.for([
    ['is looked for at each signed-in read', {}, 1],
    ['is not looked for without onEvent', { onEvent: undefined }, 0],
  ] as const)('%s', async ([, options, reads]) => {
    const app = newApp(options)
    const { cookies } = await signedIn(app, phone)
    const headers = { Cookie: Array.from(cookies, (cookie) => cookie.join('=')).join('; ') }
    let read = 0
    const request = new Request('https://example.com/', { headers })
    Object.defineProperty(request, 'cf', { get: () => void (read += 1) })
    await app.sessions.withSession(({ session }) => session.load())(request, {}, CONTEXT)
    expect(read).toBe(reads)
  })
})

test('no event has a token, a secret, data, or who the user is in it', async () => {
  const app = newApp({
    accounts: { index: userIndex(env.USERS), limit: { max: 1, whenFull: 'end-oldest' } },
    use: [renewing({ everySeconds: 60 })],
  })
  const browser = app.browser()
  const tokens: string[] = []
  const userId = `ada-${crypto.randomUUID()}`
  const go = async (handler: Handler): Promise<void> => {
    app.handler = handler
    await browser.fetch('/', { headers: { 'User-Agent': `agent-${tokens.length}` } })
    tokens.push(...browser.cookies.values())
    app.now += 61_000
  }
  await go(async (session) => {
    await session.signIn(userId, { label: 'label-of-ada' })
    session.set('key-in-data', 'value-in-data')
  })
  const stolen = browser.copy()
  await go(load)
  await go((session) => session.regenerate())
  await stolen.fetch('/')
  app.handler = (session) => session.signIn(userId)
  await app.browser().fetch('/')
  await go(load)
  await go((session) => session.signOut())
  const types = new Set(app.events.map(({ type }) => type))
  for (const type of [
    'created',
    'signed-in',
    'renewed',
    'regenerated',
    'refused',
    'revoked',
    'device-changed',
  ])
    expect(types).toContain(type)
  const log = JSON.stringify(app.events)
  expect(log).not.toMatch(/key-in-data|value-in-data|label-of-ada|agent-/)
  expect(log).not.toContain(userId)
  for (const part of tokens.flatMap((token) => token.split('.')).filter(({ length }) => length > 4))
    expect(log).not.toContain(part)
})

describe('jsonLog', () => {
  afterEach(() => {
    vi.restoreAllMocks()
  })

  test('writes each event as one line of JSON, and what asks for attention as a warning', () => {
    const lines: [level: string, line: string][] = []
    vi.spyOn(console, 'log').mockImplementation((line: string) => void lines.push(['log', line]))
    vi.spyOn(console, 'warn').mockImplementation((line: string) => void lines.push(['warn', line]))
    const events: [SessionEvent, string][] = [
      [{ type: 'created', id: '1' }, 'log'],
      [{ type: 'revoked', id: '1' }, 'log'],
      [{ type: 'refused', reason: 'forged' }, 'warn'],
      [{ type: 'late-write', reason: 'ended', id: '1' }, 'warn'],
      [{ type: 'store-failed', call: 'read', reason: 'reset', message: 'reset', id: '1' }, 'warn'],
      [{ type: 'device-changed', what: 'country', id: '1' }, 'warn'],
    ]
    for (const [event] of events) jsonLog(event)
    expect(lines).toEqual(
      events.map(([event, level]) => [level, JSON.stringify({ source: 'edge-session', ...event })]),
    )
    expect(lines.every(([, line]) => !line.includes('\n'))).toBe(true)
  })

  test('is an onEvent', async () => {
    const lines: string[] = []
    vi.spyOn(console, 'log').mockImplementation((line: string) => void lines.push(line))
    const app = newApp({ onEvent: jsonLog })
    app.handler = (session) => session.set('a', 1)
    await app.browser().fetch('/')
    expect(lines.map((line) => JSON.parse(line) as object)).toMatchObject([
      { source: 'edge-session', type: 'created' },
    ])
  })
})
