import { evictDurableObject, runDurableObjectAlarm, runInDurableObject } from 'cloudflare:test'
import { env } from 'cloudflare:workers'
import { describe, expect, onTestFinished, test, vi } from 'vitest'

import type { Session } from '../../src/index.ts'
import { watch } from '../../src/live.ts'
import type { Browser } from '../support/browser.ts'
import { IS_THOROUGH } from '../support/thorough.ts'
import { type LiveSite, newLiveSite, openSocket, openStream } from './support.ts'

interface Visit {
  readonly site: LiveSite
  readonly browser: Browser
  readonly userId: string
  readonly id: string
}

let users = 0

/** A browser in which a new user has signed in. */
async function newVisit(): Promise<Visit> {
  const site = newLiveSite()
  const browser = site.browser()
  const userId = `live-${(users += 1)}`
  const id = await site.run(browser, async (session) => {
    await session.signIn(userId)
    return session.id
  })
  return { site, browser, userId, id: String(id) }
}

const stubOf = (id: string): DurableObjectStub =>
  env.LIVE_SESSIONS.get(env.LIVE_SESSIONS.idFromString(id))

const alarmOf = (id: string): Promise<number | null> =>
  runInDurableObject(stubOf(id), (_object, { storage }) => storage.getAlarm())

/** Until the test is over, time passes by `vi.setSystemTime()` alone. */
function stopTheClock(): void {
  vi.useFakeTimers({ toFake: ['Date'] })
  onTestFinished(() => {
    vi.useRealTimers()
  })
}

/** Writes to the session, and returns its id. */
async function write(session: Session): Promise<string | undefined> {
  session.set('a', 1)
  await session.commit()
  return session.id
}

const LONG_AGO = { usedAt: 0 }

/** Has the session of an object be over by its timeouts, and its alarm ring. */
async function expire(id: string): Promise<void> {
  await runInDurableObject(stubOf(id), (_object, { storage }) => {
    const row: object = JSON.parse(storage.kv.get<string>('$') ?? '')
    storage.kv.put('$', JSON.stringify({ ...row, ...LONG_AGO }))
  })
  // The object has the record in memory.
  await evictDurableObject(stubOf(id))
  expect(await runDurableObjectAlarm(stubOf(id))).toBe(true)
}

/** Every way in which a session ends. */
const ENDS: readonly (readonly [
  name: string,
  reason: string,
  end: (visit: Visit) => Promise<unknown>,
])[] = [
  [
    'destroy()',
    'destroyed',
    ({ site, browser }) => site.run(browser, (session) => session.destroy()),
  ],
  [
    'a sign-out',
    'destroyed',
    ({ site, browser }) => site.run(browser, (session) => session.signOut()),
  ],
  ['revoke', 'revoked', ({ site, userId, id }) => site.sessions.user(userId, env).revoke(id)],
  ['revokeAll', 'revoked', ({ site, userId }) => site.sessions.user(userId, env).revokeAll()],
  ['a timeout', 'expired', ({ id }) => expire(id)],
]

/** A busy machine is no fault of the code. */
const PATIENT = { timeout: 20_000 }

const isEmpty = (id: string): Promise<boolean> =>
  runInDurableObject(stubOf(id), async (_object, { storage }) => {
    const tables = storage.sql.exec("SELECT * FROM sqlite_master WHERE name = 'watchers'").toArray()
    return (
      [...storage.kv.list()].length + tables.length === 0 && (await storage.getAlarm()) === null
    )
  })

describe.for(ENDS)('%s', ([, reason, end]) => {
  describe.for([
    ['', async () => undefined],
    ['that has hibernated', (id: string) => evictDurableObject(stubOf(id))],
  ] as const)('an object %s', ([, rest]) => {
    test('tells each socket first, and closes it with 4401', async () => {
      const visit = await newVisit()
      const sockets = await Promise.all([openSocket(visit.browser), openSocket(visit.browser)])
      await rest(visit.id)
      await end(visit)
      for (const socket of sockets)
        expect(await socket.until(2)).toEqual([{ type: 'ended', reason }, [4401]])
      expect(await isEmpty(visit.id)).toBe(true)
    })

    test('tells each watcher, and leaves nothing', async () => {
      const visit = await newVisit()
      const rooms = [env.WATCHERS.newUniqueId(), env.WATCHERS.newUniqueId()]
      const watching = visit.site.run(visit.browser, async (session) => {
        for (const room of [...rooms, ...rooms])
          // oxlint-disable-next-line no-await-in-loop
          await watch(session, { namespace: 'WATCHERS', id: String(room) })
        return 'watching'
      })
      expect(await watching).toBe('watching')
      await rest(visit.id)
      await end(visit)
      await expect.poll(() => isEmpty(visit.id), PATIENT).toBe(true)
      for (const room of rooms)
        expect(await env.WATCHERS.get(room).told()).toEqual([`${visit.id} ${reason}`])
    })
  })

  // An object that streams does not hibernate, so a timeout is the only end that cannot be tried with a changed record.
  test.skipIf(reason === 'expired')('tells an EventSource, and ends it', async () => {
    const visit = await newVisit()
    const stream = await openStream(visit.browser)
    await end(visit)
    expect(await stream.until(2)).toEqual([{ type: 'ended', reason }, ['end']])
  })
})

describe('a session whose timeout passes while nothing happens', () => {
  test('ends its connections at that time', async () => {
    stopTheClock()
    const site = newLiveSite({}, { idleTimeout: 60 })
    const browser = site.browser()
    const id = String(await site.run(browser, write))
    const [socket, stream] = [await openSocket(browser), await openStream(browser)]
    expect(await alarmOf(id)).toBe(Date.now() + 60_000)
    vi.setSystemTime(Date.now() + 60_000)
    expect(await runDurableObjectAlarm(stubOf(id))).toBe(true)
    const ended = { type: 'ended', reason: 'expired' }
    expect(await stream.until(2)).toEqual([ended, ['end']])
    expect(await socket.until(2)).toEqual([ended, [4401]])
    expect(await isEmpty(id)).toBe(true)
  })

  test.runIf(IS_THOROUGH)('ends its connections by itself', async () => {
    const site = newLiveSite({}, { idleTimeout: 2 })
    const browser = site.browser()
    await site.run(browser, write)
    const socket = await openSocket(browser)
    expect(await socket.until(2)).toEqual([{ type: 'ended', reason: 'expired' }, [4401]])
  })
})

test('a shorter timeout moves the end of a session with sockets', async () => {
  stopTheClock()
  const long = newLiveSite()
  const browser = long.browser()
  const id = String(await long.run(browser, write))
  const socket = await openSocket(browser)
  const short = newLiveSite({}, { idleTimeout: 60 })
  const other = short.browser()
  other.cookies.addAll(browser.cookies)
  await short.run(other, (session) => session.set('a', 2))
  expect(await alarmOf(id)).toBe(Date.now() + 60_000)
  vi.setSystemTime(Date.now() + 60_000)
  expect(await runDurableObjectAlarm(stubOf(id))).toBe(true)
  expect(await socket.until(3)).toEqual([
    { type: 'changed', keys: ['a'], revision: 2 },
    { type: 'ended', reason: 'expired' },
    [4401],
  ])
})

describe('a watcher that fails', () => {
  test('is told again by the alarm, until it has taken it', async () => {
    const { site, browser, id } = await newVisit()
    const room = env.WATCHERS.newUniqueId()
    await env.WATCHERS.get(room).fail(3)
    await site.run(browser, (session) =>
      watch(session, { namespace: 'WATCHERS', id: String(room) }),
    )
    await site.run(browser, (session) => session.signOut())
    const told = (): Promise<string[]> => env.WATCHERS.get(room).told()
    expect(await told()).toEqual([])
    await evictDurableObject(stubOf(id))
    await expect
      .poll(async () => {
        await runDurableObjectAlarm(stubOf(id))
        return told()
      }, PATIENT)
      .toEqual([`${id} destroyed`])
    await expect.poll(() => isEmpty(id), PATIENT).toBe(true)
  })

  test('is told by an alarm if the object stops before it has an answer', async () => {
    const { site, browser, id } = await newVisit()
    const room = env.WATCHERS.newUniqueId()
    const stub = env.WATCHERS.get(room)
    await stub.hold()
    await site.run(browser, (session) =>
      watch(session, { namespace: 'WATCHERS', id: String(room) }),
    )
    const began = Date.now()
    await site.run(browser, (session) => session.signOut())
    // Later than the time limit of the call, which is 4 s, and long before any timeout of the session.
    const alarm = (await alarmOf(id)) ?? Infinity
    expect(alarm - began).toBeGreaterThan(4000)
    expect(alarm - Date.now()).toBeLessThanOrEqual(5000)
    await stub.release()
    await expect.poll(() => isEmpty(id), PATIENT).toBe(true)
  })

  test('is told less and less often, also if the dead session is ended again', async () => {
    const { site, browser, id } = await newVisit()
    const room = env.WATCHERS.newUniqueId()
    await env.WATCHERS.get(room).fail(1000)
    await site.run(browser, (session) =>
      watch(session, { namespace: 'WATCHERS', id: String(room) }),
    )
    const copy = browser.copy()
    await site.run(browser, (session) => session.destroy())
    for (let tries = 0; tries < 4; tries += 1) {
      // oxlint-disable-next-line no-await-in-loop
      await runDurableObjectAlarm(stubOf(id))
    }
    const alarm = await alarmOf(id)
    expect((alarm ?? 0) - Date.now()).toBeGreaterThan(10_000)
    await site.run(copy, (session) => session.destroy())
    expect(await alarmOf(id)).toBe(alarm)
  })

  test('keeps no data of the session, whose token is dead', async () => {
    const { site, browser, id } = await newVisit()
    const room = env.WATCHERS.newUniqueId()
    await env.WATCHERS.get(room).fail(1000)
    await site.run(browser, (session) => session.set('secret', 'x'))
    await site.run(browser, (session) =>
      watch(session, { namespace: 'WATCHERS', id: String(room) }),
    )
    const copy = browser.copy()
    await site.run(browser, (session) => session.signOut())
    await runInDurableObject(stubOf(id), (_object, { storage }) => {
      expect([...storage.kv.list()]).toEqual([])
    })
    expect(await site.run(copy, (session) => session.get('secret'))).toBe(null)
  })
})
