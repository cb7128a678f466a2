import { evictDurableObject, runInDurableObject } from 'cloudflare:test'
import { env } from 'cloudflare:workers'
import { describe, expect, test } from 'vitest'

import type { SessionStore } from '../../src/index.ts'
import { live, unwatch, watch } from '../../src/live.ts'
import { renewing } from '../../src/renew.ts'
import { cached } from '../../src/store/cached.ts'
import { durableObjectStore } from '../../src/store/durable-object.ts'
import { kvStore } from '../../src/store/kv.ts'
import type { Browser } from '../support/browser.ts'
import { type LiveSite, newLiveSite, openSocket, openStream, UPGRADE } from './support.ts'

/** A visitor whose session has a value. */
async function visitorOf(site: LiveSite): Promise<Browser> {
  const browser = site.browser()
  await site.run(browser, (session) => session.set('theme', 'dark'))
  site.events.length = 0
  return browser
}

const statusOf = async (browser: Browser, headers: HeadersInit, method = 'GET'): Promise<number> =>
  (await browser.fetch('/live', { headers, method })).status

async function refusalOf(browser: Browser, headers: HeadersInit): Promise<unknown> {
  const response = await browser.fetch('/live', { headers })
  expect(response.headers.get('Content-Type')).toBe('application/problem+json')
  const { status, code }: { status: number; code: string } = await response.json()
  expect(response.status).toBe(status)
  return [status, code]
}

const STREAM = { Accept: 'text/event-stream' }
const FOREIGN = { Origin: 'https://evil.app.example' }

describe('a handshake', () => {
  test('without a session is refused, and asks no store', async () => {
    const site = newLiveSite()
    for (const headers of [UPGRADE, STREAM])
      expect(await refusalOf(site.browser(), headers)).toEqual([401, 'ERR_SIGN_IN'])
  })

  test('with a dead token opens nothing: signed out, regenerated, copied', async () => {
    const site = newLiveSite()
    const browser = await visitorOf(site)
    const old = browser.copy()
    await site.run(browser, (session) => session.regenerate())
    expect(await refusalOf(old, UPGRADE)).toEqual([401, 'ERR_SIGN_IN'])
    const stolen = browser.copy()
    await site.run(browser, (session) => session.destroy())
    for (const headers of [UPGRADE, STREAM])
      expect(await refusalOf(stolen, headers)).toEqual([401, 'ERR_SIGN_IN'])
  })

  test('is checked by the object itself, though a copy says that the session lives', async () => {
    const store = cached(durableObjectStore(env.LIVE_SESSIONS), { maxAgeSeconds: 30 })
    const site = newLiveSite({}, { store, touchInterval: 60 })
    const browser = await visitorOf(site)
    const other = newLiveSite()
    const elsewhere = other.browser()
    elsewhere.cookies.addAll(browser.cookies)
    await other.run(elsewhere, (session) => session.destroy())
    expect(await site.run(browser, (session) => session.get('theme'))).toBe('dark')
    expect(await refusalOf(browser, UPGRADE)).toEqual([401, 'ERR_SIGN_IN'])
  })

  test('of another origin’s page is refused, without a guard and before the session is read', async () => {
    const site = newLiveSite()
    const browser = await visitorOf(site)
    for (const headers of [
      { ...UPGRADE, ...FOREIGN },
      { ...UPGRADE, Origin: 'null' },
      { ...STREAM, ...FOREIGN },
      { ...STREAM, 'Sec-Fetch-Site': 'same-site' },
    ]) {
      site.events.length = 0
      expect(await refusalOf(browser, headers)).toEqual([403, 'ERR_CROSS_ORIGIN'])
      expect(site.events).toMatchObject([{ type: 'refused', reason: 'cross-origin' }])
    }
    const trusting = newLiveSite({ trustedOrigins: [FOREIGN.Origin] })
    expect(await statusOf(await visitorOf(trusting), { ...UPGRADE, ...FOREIGN })).toBe(101)
  })

  test('is needed: any other GET gets 426, and a question says what would happen', async () => {
    const site = newLiveSite()
    const browser = await visitorOf(site)
    const response = await browser.fetch('/live')
    expect(response.status).toBe(426)
    expect(response.headers.get('Upgrade')).toBe('websocket')
    expect(await statusOf(browser, { Upgrade: 'h2c' })).toBe(426)
    expect(await statusOf(browser, {}, 'HEAD')).toBe(426)
    expect(await statusOf(browser, UPGRADE, 'HEAD')).toBe(426)
    expect(await statusOf(site.browser(), {})).toBe(426)
    const question = { Accept: 'application/problem+json' }
    expect(await statusOf(browser, question)).toBe(426)
    expect(await statusOf(site.browser(), question)).toBe(401)
  })

  test('of a prefetch opens nothing', async () => {
    const site = newLiveSite()
    const browser = await visitorOf(site)
    expect(await statusOf(browser, { ...STREAM, 'Sec-Purpose': 'prefetch' })).toBe(503)
  })

  test('has the secret in no address', async () => {
    const site = newLiveSite()
    const browser = await visitorOf(site)
    const socket = await openSocket(browser)
    const id = String(await site.run(browser, (session) => session.id))
    await runInDurableObject(stubOf(id), (_object, ctx) => {
      const [open] = ctx.getWebSockets()
      expect(open?.url ?? '').not.toContain('?')
      expect(open?.deserializeAttachment()).toEqual({ values: [] })
    })
    socket.close()
  })
})

const stubOf = (id: string): DurableObjectStub =>
  env.LIVE_SESSIONS.get(env.LIVE_SESSIONS.idFromString(id))

describe.for([
  ['socket', openSocket],
  ['EventSource', openStream],
] as const)('a %s', ([kind, open]) => {
  test('is told of changed keys, with the values it asked for', async () => {
    const site = newLiveSite({ values: ['theme', 'cart'] })
    const browser = await visitorOf(site)
    const page = await open(browser)
    await site.run(browser, (session) => session.set('theme', 'light'))
    await site.run(browser, (session) => session.get('theme'))
    await site.run(browser, (session) => session.flash('notice', 'hello'))
    await site.run(browser, (session) => session.increment('__proto__'))
    await site.run(browser, (session) => {
      session.delete('theme')
      session.set('cart', { items: ['"'] })
    })
    expect(await page.until(3)).toEqual([
      { type: 'changed', keys: ['theme'], revision: 2, values: { theme: 'light' } },
      { type: 'changed', keys: ['__proto__'], revision: 4, values: {} },
      {
        type: 'changed',
        keys: ['theme', 'cart'],
        revision: 5,
        values: { cart: { items: ['"'] } },
      },
    ])
    page.close()
  })

  test('stays when the token changes, and is told', async () => {
    const site = newLiveSite({}, { use: [renewing({ everySeconds: 0.001 })] })
    const browser = await visitorOf(site)
    const page = await open(browser)
    await site.run(browser, (session) => session.regenerate())
    await site.run(browser, (session) => session.signIn('carol'))
    await site.run(browser, (session) => session.signIn('carol'))
    await site.run(browser, (session) => session.set('a', 1))
    const heard = await page.until(5)
    expect(heard.slice(0, 3)).toEqual([
      { type: 'renewed' },
      { type: 'renewed' },
      { type: 'renewed' },
    ])
    expect(heard).toMatchObject(
      expect.arrayContaining([expect.objectContaining({ type: 'changed', keys: ['a'] })]),
    )
    page.close()
  })

  test('of a user is ended when another user takes the session over', async () => {
    const site = newLiveSite()
    const browser = await visitorOf(site)
    const anonymous = await open(browser)
    await site.run(browser, (session) => session.signIn('carol'))
    const carols = await open(browser)
    await site.run(browser, (session) => session.signIn('bob'))
    const bobs = await open(browser)
    await site.run(browser, (session) => session.set('a', 1))
    const end = kind === 'socket' ? [4401] : ['end']
    const replaced = { type: 'ended', reason: 'replaced' }
    expect(await anonymous.until(3)).toEqual([{ type: 'renewed' }, replaced, end])
    expect(await carols.until(2)).toEqual([replaced, end])
    expect(await bobs.until(1)).toMatchObject([{ type: 'changed', keys: ['a'] }])
    bobs.close()
  })
})

describe('a socket', () => {
  test('is told after its object has hibernated, and a ping wakes nothing', async () => {
    const site = newLiveSite({ values: ['theme'] })
    const browser = await visitorOf(site)
    const id = String(await site.run(browser, (session) => session.id))
    const socket = await openSocket(browser)
    await evictDurableObject(stubOf(id))
    socket.send('ping')
    await socket.until(1)
    await site.run(browser, (session) => session.set('theme', 'light'))
    expect(await socket.until(2)).toEqual([
      'pong',
      { type: 'changed', keys: ['theme'], revision: 2, values: { theme: 'light' } },
    ])
    socket.close()
  })

  test('that sends anything else is closed, since each message wakes the object', async () => {
    const site = newLiveSite()
    const socket = await openSocket(await visitorOf(site))
    socket.send('hello')
    expect(await socket.until(1)).toEqual([[1008]])
  })

  test('is one of at most 100, with EventSources', async () => {
    const site = newLiveSite()
    const browser = await visitorOf(site)
    const sockets = [await openStream(browser)]
    // oxlint-disable-next-line no-await-in-loop
    for (let each = 1; each < 100; each += 1) sockets.push(await openSocket(browser))
    for (const headers of [UPGRADE, STREAM])
      expect(await refusalOf(browser, headers)).toEqual([429, 'ERR_TOO_MANY'])
    await site.run(browser, (session) => session.destroy())
    for (const socket of sockets)
      // oxlint-disable-next-line no-await-in-loop
      expect((await socket.until(1))[0]).toEqual({ type: 'ended', reason: 'destroyed' })
  })
})

describe('watch', () => {
  const newRoom = (): { namespace: string; id: string } => ({
    namespace: 'WATCHERS',
    id: String(env.WATCHERS.newUniqueId()),
  })
  const told = (id: string): Promise<string[]> =>
    env.WATCHERS.get(env.WATCHERS.idFromString(id)).told()

  test('is undone by unwatch', async () => {
    const site = newLiveSite()
    const browser = await visitorOf(site)
    const [gone, there] = [newRoom(), newRoom()]
    const id = String(
      await site.run(browser, async (session) => {
        await watch(session, gone)
        await watch(session, there)
        return session.id
      }),
    )
    await unwatch(id, gone, env)
    await unwatch(id, newRoom(), env)
    await site.run(browser, (session) => session.destroy())
    await expect.poll(() => told(there.id), { timeout: 20_000 }).toEqual([`${id} destroyed`])
    expect(await told(gone.id)).toEqual([])
  })

  test('takes 32 objects of a session', async () => {
    const site = newLiveSite()
    const browser = await visitorOf(site)
    const codes = await site.run(browser, async (session) => {
      const failures: unknown[] = []
      for (let each = 0; each < 34; each += 1) {
        // oxlint-disable-next-line no-await-in-loop
        await watch(session, newRoom()).catch(({ code }) => failures.push(code))
      }
      return failures
    })
    expect(codes).toEqual(['ERR_TOO_LARGE', 'ERR_TOO_LARGE'])
  })

  test('throws for a session that has ended since it was read', async () => {
    const site = newLiveSite()
    const browser = await visitorOf(site)
    const thief = browser.copy()
    const code = site.run(browser, async (session) => {
      await session.load()
      await site.run(thief, (same) => same.destroy())
      return watch(session, newRoom()).catch((error: unknown) => Object(error).code)
    })
    expect(await code).toBe('ERR_SESSION_ENDED')
  })

  test('needs a session, a namespace and an id of it', async () => {
    const site = newLiveSite()
    const codeOf = (error: unknown): unknown => Object(error).code
    const browser = await visitorOf(site)
    const results = await site.run(browser, (session) =>
      Promise.all([
        watch(session, { ...newRoom(), namespace: 'NOWHERE' }).catch(codeOf),
        watch(session, { namespace: 'WATCHERS', id: 'x' }).catch(codeOf),
      ]),
    )
    expect(results).toEqual(['ERR_BINDING', 'ERR_BINDING'])
    const without = (session: object): Promise<unknown> => watch(session, newRoom()).catch(codeOf)
    expect(await site.run(site.browser(), without)).toBe('ERR_SESSION_ENDED')
  })
})

describe('live', () => {
  const codeOf = async (site: LiveSite, browser: Browser): Promise<unknown> =>
    site.run(browser, (session) => live(session).catch((error: unknown) => String(error)))

  test('says that a store has no objects', async () => {
    const site = newLiveSite({}, { store: kvStore(env.SESSION_KV) })
    expect(await codeOf(site, site.browser())).toMatch(/ERR_OPTION: The kv store has no objects/)
  })

  test('throws where the store fails, also if its failures make visitors anonymous', async () => {
    const objects = durableObjectStore(env.LIVE_SESSIONS)
    let isDown = false
    const read: SessionStore['read'] = (...call) => {
      if (isDown) throw new Error('The connection was refused.')
      return objects.read(...call)
    }
    const store = { ...objects, read }
    const site = newLiveSite({}, { store, onStoreFailure: 'anonymous' })
    const browser = await visitorOf(site)
    isDown = true
    for (const headers of [UPGRADE, STREAM])
      expect(await refusalOf(browser, headers)).toEqual([503, 'ERR_STORE'])
  })

  test('says that the exported class has no sockets', async () => {
    const site = newLiveSite({}, { store: durableObjectStore(env.SESSIONS) })
    const browser = await visitorOf(site)
    site.handler = async (session) => [await live(session).catch((error: unknown) => String(error))]
    for (const headers of [UPGRADE, STREAM]) {
      const [text] = await (await browser.fetch('/', { headers })).json<string[]>()
      expect(text).toMatch(/ERR_BINDING: Export class SessionObject extends/)
    }
    const watching = await site.run(browser, (session) =>
      watch(session, { namespace: 'WATCHERS', id: String(env.WATCHERS.newUniqueId()) }).catch(
        String,
      ),
    )
    expect(watching).toMatch(/ERR_BINDING: Export class SessionObject extends/)
  })

  test.for([
    [{ trustedOrigins: ['wss://app.example'] }, /trustedOrigins/],
    [{ values: Array.from({ length: 2000 }, () => 'a key') }, /values has too many keys/],
  ] as const)('refuses %j', async ([options, message]) => {
    const site = newLiveSite(options)
    await expect(site.browser().fetch('/live')).rejects.toThrow(message)
  })
})
