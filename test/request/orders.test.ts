import { env } from 'cloudflare:workers'
import { describe, expect, test } from 'vitest'

import { csrfGuard, csrfToken } from '../../src/guard/csrf.ts'
import { SessionError } from '../../src/index.ts'
import { cached } from '../../src/store/cached.ts'
import { memoryStore } from '../../src/store/memory.ts'
import { userIndex } from '../../src/store/user-index.ts'
import { type App, type AppOptions, type AppSession, newApp } from '../support/app.ts'
import { IS_THOROUGH } from '../support/thorough.ts'
import { newKv } from '../support/worlds.ts'

// What one handler may do in any order comes to the same in every store, whether something has read the session before.

/** What a handler has learnt. */
interface Notes {
  form?: string
  seen?: unknown
}

type Step = (session: AppSession, notes: Notes) => unknown

const STEPS: Readonly<Record<string, Step>> = {
  regenerate: (session) => session.regenerate(),
  'Ada signs in': (session) => session.signIn('Ada', { aal: 1 }),
  'Ada signs in by two factors': (session) => session.signIn('Ada', { aal: 2 }),
  'Bob signs in': (session) => session.signIn('Bob'),
  set: (session) => session.set('theme', 'dark'),
  clear: (session) => session.clear(),
  flash: (session) => session.flash('notice', 'hello'),
  commit: (session) => session.commit(),
  destroy: (session) => session.destroy(),
  read: async (session, notes) => {
    notes.seen = [await session.all(), session.userId]
  },
  form: async (session, notes) => {
    notes.form = await csrfToken(session)
  },
}

const STARTS: Readonly<Record<string, Step | undefined>> = {
  'a new visitor': undefined,
  'a visitor with a cart': (session) => session.set('cart', 1),
  'a user with a cart': async (session) => {
    await session.signIn('Ada')
    session.set('cart', 1)
  },
}

function kv(): AppOptions {
  const { index, ...options } = newKv()
  return { ...options, accounts: { index } }
}

/** The outcomes of memory, which all others are compared with. */
const inMemory = new Map<string, ReturnType<typeof outcome>>()

const WORLDS: Readonly<Record<string, () => AppOptions>> = {
  'copies, after a read': () => ({
    store: cached(memoryStore(), { maxAgeSeconds: 20 }),
    reading: true,
  }),
  KV: kv,
  'KV, after a read': () => ({ ...kv(), reading: true }),
}

/** What comes of these steps in one request: for the handler, for the browser's next request, and for the former cookie. */
async function outcome(app: App, start: Step | undefined, steps: readonly Step[]) {
  const browser = app.browser()
  if (start !== undefined) {
    app.handler = (session) => start(session, {})
    await browser.fetch('/')
  }
  const former = browser.copy()
  let notes: Notes = {}
  app.handler = async (session) => {
    notes = {}
    const codes: (string | undefined)[] = []
    for (const step of steps) {
      // Each step after the one before it.
      // oxlint-disable-next-line no-await-in-loop
      codes.push(await codeOf(step, session, notes))
    }
    return codes
  }
  const response = await browser.fetch('/')
  const codes = response.status === 200 ? await response.json() : response.status
  const { form, seen } = notes
  app.handler = async (session) => {
    const flashes = await session.flashes()
    return [session.userId ?? null, session.aal ?? null, await session.all(), flashes]
  }
  const next = await browser.json<[userId: string | null, ...unknown[]]>('/')
  const formers = former.cookies.size === 0 ? next : await former.json('/')
  app.handler = async (_, request) => {
    const guarded = csrfGuard({ requireToken: true })(() => 'sent')
    const answer = await guarded(request as never, {}, {})
    return answer === 'sent'
  }
  const headers = { 'X-CSRF-Token': form ?? '' }
  const isSent = form !== undefined && (await browser.json('/', { method: 'POST', headers }))
  return { codes, seen, next, formers, isSent }
}

/** The code of the error that a step ends in, if it does. A failure of the store is not the step's own. */
async function codeOf(step: Step, session: AppSession, notes: Notes): Promise<string | undefined> {
  try {
    await step(session, notes)
    return undefined
  } catch (error) {
    if (!(error instanceof SessionError) || error.code === 'ERR_STORE') throw error
    return error.code
  }
}

async function listed(app: App, users: readonly string[]): Promise<number[]> {
  const lists = await Promise.all(users.map((userId) => app.sessions.user(userId, {}).list()))
  return lists.map(({ length }) => length)
}

describe.for(Object.entries(WORLDS))('on %s', ([name, newOptions]) => {
  const world = Object.keys(WORLDS).indexOf(name)
  const pairs = Object.keys(STEPS).flatMap((one) => Object.keys(STEPS).map((two) => [one, two]))
  const isKv = name.startsWith('KV')

  test.for(Object.entries(STARTS))(
    'two steps of one handler come to what they do in memory, for %s',
    async ([from, start]) => {
      // In `npm test` each pair is played once in each world and once from each start.
      const turn = world + Object.keys(STARTS).indexOf(from)
      for (const [index, names] of pairs.entries()) {
        if (!IS_THOROUGH && (index + turn) % 3 !== 0) continue
        const steps = names.map((each) => STEPS[each] ?? (() => undefined))
        const app = newApp(newOptions())
        const key = [from, ...names].join(', ')
        const right = inMemory.get(key) ?? outcome(newApp({ store: memoryStore() }), start, steps)
        inMemory.set(key, right)
        // oxlint-disable-next-line no-await-in-loop
        const [here, there] = await Promise.all([outcome(app, start, steps), right])
        expect({ names, ...here }).toEqual({ names, ...there })
        const [userId] = here.next
        // Memory has no lists.
        const users = isKv ? ['Ada', 'Bob'] : []
        // oxlint-disable-next-line no-await-in-loop
        const lists = await listed(app, users)
        expect({ names, lists }).toEqual({ names, lists: users.map((id) => Number(id === userId)) })
      }
    },
  )
})

test.for([
  ['objects', () => ({ accounts: { index: userIndex(env.USERS) } })],
  ['KV', kv],
] as const)(
  'a sign-in that a limit refuses leaves the one before it: %s',
  async ([, newOptions]) => {
    const { accounts, ...options } = newOptions() as AppOptions
    const limit = { max: 1, whenFull: 'refuse' } as const
    const app = newApp({ ...options, accounts: { ...accounts, limit } })
    const [ada, bob] = [`Ada ${crypto.randomUUID()}`, `Bob ${crypto.randomUUID()}`]
    app.handler = (session) => session.signIn(bob)
    await app.browser().fetch('/')
    const browser = app.browser()
    app.handler = async (session) => {
      await session.signIn(ada)
      return session.signIn(bob).catch((error: unknown) => String(error))
    }
    expect(await browser.json('/')).toContain('ERR_SESSION_LIMIT')
    app.handler = async (session) => {
      await session.load()
      return session.userId
    }
    expect(await browser.json('/')).toBe(ada)
    // Nothing but the two sessions has a place.
    for (const userId of [ada, bob]) {
      // oxlint-disable-next-line no-await-in-loop
      expect(await app.sessions.user(userId, {}).revokeAll()).toBe(1)
      app.now += 2000
      app.handler = (session) => session.signIn(userId)
      // oxlint-disable-next-line no-await-in-loop
      expect((await app.browser().fetch('/')).status).toBe(200)
    }
  },
)

describe('a session that this request has just stored', () => {
  test.for(['regenerate', 'Ada signs in', 'Bob signs in'])(
    'changes its token on KV within the second: %s',
    async (change) => {
      for (const first of ['set', 'Ada signs in']) {
        const steps = [first, 'commit', change].map((each) => STEPS[each] ?? (() => undefined))
        // oxlint-disable-next-line no-await-in-loop
        const [here, there] = await Promise.all([
          outcome(newApp(kv()), undefined, steps),
          outcome(newApp({ store: memoryStore() }), undefined, steps),
        ])
        expect(here).toEqual(there)
      }
    },
  )
})
