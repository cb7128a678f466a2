import { runInDurableObject } from 'cloudflare:test'
import { env } from 'cloudflare:workers'
import { describe, expect, test, vi } from 'vitest'

import { durableObjectStore } from '../../src/store/durable-object.ts'
import { userIndex } from '../../src/store/user-index.ts'
import type { SessionLimit } from '../../src/store/user-index/user-list.ts'
import * as former from '../fixtures/protocol-1.mjs'
import { newApp } from '../support/app.ts'
import { Browser } from '../support/browser.ts'
import { CONTEXT } from '../support/site.ts'

interface Options {
  readonly sessions?: 'SESSIONS' | 'FORMER_SESSIONS'
  readonly limit?: SessionLimit
  readonly idleTimeout?: number
  readonly absoluteTimeout?: number
}

/** A Worker of one version, as these tests use it. */
interface Worker {
  /** Signs this user in with a new browser. Returns the error's code, or the id of the session. */
  readonly signIn: (browser?: Browser) => Promise<string>
  readonly browser: () => Browser
  readonly who: (browser: Browser) => Promise<string | null>
  readonly user: former.FormerUserSessions
}

type Session = Pick<former.FormerSession, 'id' | 'userId' | 'signIn' | 'all'>
type Handler = (session: Session) => unknown

function workerOf(
  userId: string,
  browser: () => Browser,
  user: former.FormerUserSessions,
  setHandler: (handler: Handler) => void,
): Worker {
  return {
    browser,
    user,
    async signIn(by = browser()) {
      setHandler(async (session) => {
        try {
          await session.signIn(userId)
        } catch (error) {
          return (error as { code?: string }).code
        }
        return session.id
      })
      return by.json<string>('/')
    },
    async who(by) {
      setHandler(async (session) => {
        await session.all()
        return session.userId ?? null
      })
      return by.json<string | null>('/')
    },
  }
}

type Namespace = typeof env.USERS

const VERSIONS = {
  present(
    userId: string,
    users: Namespace,
    { sessions = 'SESSIONS', limit, ...options }: Options,
  ): Worker {
    const accounts = { index: userIndex(users), ...(limit && { limit }) }
    const store = durableObjectStore(env[sessions])
    const app = newApp({ accounts, store, now: Date.now, ...options })
    return workerOf(userId, app.browser, app.sessions.user(userId, {}), (handler) => {
      app.handler = handler
    })
  },

  former(userId: string, users: Namespace, { limit, idleTimeout = 1800 }: Options): Worker {
    let handler: Handler = () => null
    const layer = former.createSessions({
      secrets: [env.SESSION_SECRET],
      store: former.durableObjectStore(env.SESSIONS),
      users: former.userIndex(users),
      ...(limit && { sessionLimit: limit }),
      idleTimeout,
    })
    const fetch = layer.withSession(async ({ session }) => (await handler(session)) ?? null)
    const browser = (): Browser => new Browser((request) => fetch(request, {}, CONTEXT))
    return workerOf(userId, browser, layer.user(userId, {}), (next) => {
      handler = next
    })
  },
}

function newUser(): string {
  return `user ${crypto.randomUUID()}`
}

async function browsersOf(worker: Worker, count: number): Promise<[string, Browser][]> {
  const browsers: [string, Browser][] = []
  for (let index = 0; index < count; index += 1) {
    const browser = worker.browser()
    browsers.push([await worker.signIn(browser), browser])
  }
  return browsers
}

// A deployment mixes versions for some minutes: a Worker meets users' objects of the former version, and the reverse.
describe.for([
  ['a Worker of this version and a user’s object of the former one', 'present', 'FORMER_USERS'],
  ['a Worker of the former version and a user’s object of this one', 'former', 'USERS'],
  ['sessions’ objects of the former version', 'present', 'USERS', 'FORMER_SESSIONS'],
  ['all of this version', 'present', 'USERS'],
] as const)('%s', ([, version, binding, sessions]) => {
  const newWorker = (userId: string, options: Options = {}): Worker =>
    VERSIONS[version](userId, env[binding], { ...(sessions && { sessions }), ...options })

  test('end one session, all others, and all, and never more', async () => {
    const worker = newWorker(newUser())
    const browsers = await browsersOf(worker, 4)
    const alive = async (): Promise<number[]> => {
      const users = await Promise.all(browsers.map(([, browser]) => worker.who(browser)))
      return users.flatMap((user, index) => (user === null ? [] : [index]))
    }
    const [first = '', second = ''] = browsers.map(([id]) => id)
    expect(await worker.user.revoke(first)).toBe(true)
    expect(await worker.user.revoke(first)).toBe(false)
    expect(await worker.user.revoke('nonsense')).toBe(false)
    expect(await alive()).toEqual([1, 2, 3])
    expect(await worker.user.revokeOthers({ id: second })).toBe(2)
    expect(await alive()).toEqual([1])
    expect(await worker.user.revokeAll()).toBe(1)
    expect(await alive()).toEqual([])
  })

  test('list what has not ended', async () => {
    const worker = newWorker(newUser())
    const ids = (await browsersOf(worker, 2)).map(([id]) => id)
    const listed = await worker.user.list()
    expect(listed.map(({ id }) => id).toSorted()).toEqual(ids.toSorted())
  })

  test.for([
    ['refuse', [true, true, false]],
    ['end-oldest', [false, true, true]],
  ] as const)('keep a limit: %s', async ([whenFull, expected]) => {
    const worker = newWorker(newUser(), { limit: { max: 2, whenFull } })
    const browsers = await browsersOf(worker, 3)
    const users = await Promise.all(browsers.map(([, browser]) => worker.who(browser)))
    expect(users.map((user) => user !== null)).toEqual(expected)
    expect(await worker.user.list()).toHaveLength(2)
  })
})

describe('a user’s object of this version', () => {
  const limit: SessionLimit = { max: 1, whenFull: 'refuse' }

  test('takes a session that a Worker of the former version lists for a stored one', async () => {
    const userId = newUser()
    const old = VERSIONS.former(userId, env.USERS, { limit })
    expect(await old.signIn()).not.toBe('ERR_SESSION_LIMIT')
    const present = VERSIONS.present(userId, env.USERS, { limit })
    expect(await present.signIn()).toBe('ERR_SESSION_LIMIT')
  })

  test('judges by a session’s last timeouts where its caller says none', async () => {
    const userId = newUser()
    const old = VERSIONS.former(userId, env.USERS, { idleTimeout: 3600 })
    await old.signIn()
    expect(await old.user.list()).toHaveLength(1)
    const ended = VERSIONS.present(userId, env.USERS, { idleTimeout: 1, absoluteTimeout: 3600 })
    await vi.waitFor(async () => expect(await ended.user.list()).toEqual([]), 25_000)
    expect(await old.user.list()).toHaveLength(1)
  })
})

test('an object of the former version ignores the rows of reserved places', async () => {
  const userId = newUser()
  const limit: SessionLimit = { max: 1, whenFull: 'refuse' }
  const stub = env.FORMER_USERS.getByName(`__Host-session ${userId}`)
  await runInDurableObject(stub, (_, { storage }) => {
    storage.kv.put('$', userId)
    storage.kv.put('?a', JSON.stringify({ until: Date.now() + 60_000 }))
  })
  const worker = VERSIONS.present(userId, env.FORMER_USERS, { limit })
  expect(await worker.signIn()).not.toBe('ERR_SESSION_LIMIT')
  expect(await worker.user.revokeAll()).toBe(1)
})
