import { env } from 'cloudflare:workers'
import { describe, expect, test } from 'vitest'

import { type Env, secretsOf, withSession } from '../../examples/keys/rotation.ts'
import {
  type Env as StoreEnv,
  withSession as withSecretsStore,
} from '../../examples/keys/secrets-store.ts'
import { importKeyring } from '../../src/codec/keyring.ts'
import { newRandomText } from '../../src/codec/random.ts'
import { newSecret, openToken, signToken, type Token } from '../../src/codec/token.ts'
import { csrfGuard, csrfToken } from '../../src/guard/csrf.ts'
import {
  createSessions,
  type Secrets,
  SessionError,
  type SessionEvent,
  type SessionOptions,
  type SessionStore,
} from '../../src/index.ts'
import { durableObjectStore } from '../../src/store/durable-object.ts'
import { kvStore } from '../../src/store/kv.ts'
import { memoryStore } from '../../src/store/memory.ts'
import { userIndex } from '../../src/store/user-index.ts'
import { type App, type Handler, newApp } from '../support/app.ts'
import { Browser } from '../support/browser.ts'
import { countingStore } from '../support/counting-store.ts'
import { CONTEXT } from '../support/site.ts'

const A = 'the first secret, which has more than 32 bytes'
const B = 'the second secret, which has more than 32 bytes'
const BINDINGS: Env = { SESSIONS: env.SESSIONS }
const HOUR = 3_600_000

/** The deployments of the runbook, in its order. */
const BEFORE = secretsOf({ ...BINDINGS, SESSION_SECRET: A })
const ADDED = secretsOf({ ...BINDINGS, SESSION_SECRET: A, SESSION_SECRET_2: B })
const SWITCHED = secretsOf({
  ...BINDINGS,
  SESSION_SECRET: A,
  SESSION_SECRET_2: B,
  SIGNING_SECRET: '2',
})
const DROPPED = secretsOf({ ...BINDINGS, SESSION_SECRET_2: B, SIGNING_SECRET: '2' })

const STORES: [name: string, makeStore: () => SessionStore][] = [
  ['Durable Objects', () => durableObjectStore(env.SESSIONS)],
  ['KV', () => kvStore(env.SESSION_KV)],
  ['memory', memoryStore],
]

const setting: Handler = (session) => {
  session.set('cart', ['tea'])
  return 'ok'
}
const reading: Handler = (session) => session.get('cart')

/** Deployments over one store, each with its own secrets; the same clock for all. */
function newDeployments(
  makeStore: () => SessionStore,
): (secrets: Secrets, options?: Partial<SessionOptions<unknown>>) => App {
  const store = makeStore()
  const start = Date.now()
  return (secrets, options = {}) => {
    const app = newApp({ store, secrets, ...options })
    app.now = start
    return app
  }
}

interface Reply {
  readonly body: unknown
  readonly setCookies: string[]
  readonly cookie: string
}

/** One request to a deployment with a cookie; and the cookie that the browser has afterwards. */
async function visit(app: App, handler: Handler, cookie = ''): Promise<Reply> {
  app.handler = handler
  app.calls.length = 0
  app.events.length = 0
  const browser = app.browser()
  const response = await browser.fetch('/', cookie === '' ? {} : { headers: { cookie } })
  const after = browser.cookieHeader()
  return {
    body: await response.json(),
    setCookies: response.headers.getSetCookie(),
    cookie: after === '' ? cookie : after,
  }
}

const typesOf = (events: readonly SessionEvent[]): string[] => events.map(({ type }) => type)

describe('the secrets of the example', () => {
  test('are those that there are, the signing one first', () => {
    expect([BEFORE, ADDED, SWITCHED, DROPPED]).toEqual([[A], [A, B], [B, A], [B]])
  })

  test('are missing, and an error says so, where the signing one is not there', async () => {
    const handler = withSession(() => 'ok')
    for (const bindings of [BINDINGS, { ...BINDINGS, SESSION_SECRET: A, SIGNING_SECRET: '2' }]) {
      const request = new Request('https://app.example/')
      const error = await handler(request, bindings as Env, CONTEXT).catch(
        (fault: unknown) => fault,
      )
      expect(error).toBeInstanceOf(SessionError)
      expect(error).toMatchObject({ code: 'ERR_SECRET' })
      expect(String(error)).toContain('Secret 1 is missing')
    }
  })

  test('sign the sessions of its Worker', async () => {
    const handler = withSession(({ session }) => {
      session.set('cart', ['tea'])
      return 'ok'
    })
    const bindings = { ...BINDINGS, SESSION_SECRET: A, SESSION_SECRET_2: B, SIGNING_SECRET: '2' }
    const response = await handler(new Request('https://app.example/'), bindings as Env, CONTEXT)
    const [, value = ''] = /=([^;]+)/.exec(response.headers.get('Set-Cookie') ?? '') ?? []
    const keyring = await importKeyring([B])
    expect(await openToken(keyring, '__Host-session', value)).toMatchObject({ ok: true })
  })
})

describe.for(STORES)('a planned rotation on %s', ([, makeStore]) => {
  test('is not noticed in the first step: nothing is signed anew', async () => {
    const deployed = newDeployments(makeStore)
    const { cookie } = await visit(deployed(BEFORE), setting)
    const app = deployed(ADDED)
    const reply = await visit(app, reading, cookie)
    expect(reply).toMatchObject({ body: ['tea'], setCookies: [] })
    expect(app.events).toEqual([])
  })

  test('signs each cookie once more in the second step, with one event and no data written', async () => {
    const deployed = newDeployments(makeStore)
    const { cookie } = await visit(deployed(BEFORE), setting)
    const app = deployed(SWITCHED)
    const first = await visit(app, reading, cookie)
    expect(first.body).toEqual(['tea'])
    expect(first.setCookies).toHaveLength(1)
    expect(app.calls).toEqual(['read'])
    expect(typesOf(app.events)).toEqual(['re-signed'])
    const second = await visit(app, reading, first.cookie)
    expect(second).toMatchObject({ body: ['tea'], setCookies: [] })
    expect(app.events).toEqual([])
  })

  test('lets Workers of the first step and of the second serve one visitor by turns', async () => {
    const deployed = newDeployments(makeStore)
    const [earlier, later] = [deployed(ADDED), deployed(SWITCHED)]
    let { cookie } = await visit(earlier, setting)
    for (const app of [later, earlier, later, earlier]) {
      const reply = await visit(app, reading, cookie)
      expect(reply.body).toEqual(['tea'])
      expect(app.events.filter(({ type }) => type === 'refused')).toEqual([])
      cookie = reply.cookie
    }
  })

  test('without its first step signs visitors out whom a Worker of before answers', async () => {
    const deployed = newDeployments(makeStore)
    const { cookie } = await visit(deployed(SWITCHED), setting)
    const before = deployed(BEFORE)
    const reply = await visit(before, reading, cookie)
    expect(reply.body).toBe(null)
    expect(before.events).toEqual([{ type: 'refused', reason: 'unknown-key' }])
  })

  test('ends with the older secret dropped: who came meanwhile stays', async () => {
    const deployed = newDeployments(makeStore)
    const { cookie } = await visit(deployed(BEFORE), setting)
    const signedAgain = await visit(deployed(SWITCHED), reading, cookie)
    const app = deployed(DROPPED)
    const reply = await visit(app, reading, signedAgain.cookie)
    expect(reply).toMatchObject({ body: ['tea'], setCookies: [] })
    expect(app.events).toEqual([])
  })

  test('loses nobody where the older secret is kept for an absoluteTimeout', async () => {
    const deployed = newDeployments(makeStore)
    const timeouts = { idleTimeout: 12 * 3600, absoluteTimeout: 12 * 3600 }
    // The last session that the older secret signs, just before the switch.
    const { cookie } = await visit(deployed(ADDED, timeouts), setting)
    const kept = deployed(SWITCHED, timeouts)
    kept.now += 12 * HOUR - 1
    expect((await visit(kept, reading, cookie)).body).toEqual(['tea'])
    kept.now += 1
    expect((await visit(kept, reading, cookie)).body).toBe(null)
    expect(kept.events).toMatchObject([{ type: 'expired', timeout: 'absolute' }])
  })

  test('keeps forms that were open: their CSRF tokens are good under both secrets', async () => {
    const deployed = newDeployments(makeStore)
    const before = deployed(BEFORE)
    const { cookie } = await visit(before, setting)
    const { body } = await visit(before, (session) => csrfToken(session), cookie)
    const app = deployed(SWITCHED)
    const post = app.sessions.withSession(
      csrfGuard({ requireToken: true })(() => new Response('sent')),
    )
    const headers = { cookie, 'X-CSRF-Token': String(body) }
    const request = new Request('https://app.example/', { method: 'POST', headers })
    const response = await post(request, {}, CONTEXT)
    expect(await response.text()).toBe('sent')
  })
})

describe.for(STORES)('a secret that is replaced at once on %s', ([, makeStore]) => {
  test('makes everybody anonymous, at no call, and the next write begins a new session', async () => {
    const deployed = newDeployments(makeStore)
    const { cookie } = await visit(deployed(BEFORE), setting)
    const app = deployed(DROPPED)
    const reply = await visit(app, reading, cookie)
    expect(reply).toMatchObject({ body: null, setCookies: [] })
    expect(app.calls).toEqual([])
    expect(app.events).toEqual([{ type: 'refused', reason: 'unknown-key' }])

    const written = await visit(
      app,
      (session) => {
        session.set('cart', ['coffee'])
        return 'ok'
      },
      cookie,
    )
    expect(typesOf(app.events)).toEqual(['refused', 'created'])
    expect((await visit(app, reading, written.cookie)).body).toEqual(['coffee'])
  })

  test('leaves what was stored where it is, until its time is up', async () => {
    const deployed = newDeployments(makeStore)
    const { cookie } = await visit(deployed(BEFORE), setting)
    await visit(deployed(DROPPED), reading, cookie)
    expect((await visit(deployed(BEFORE), reading, cookie)).body).toEqual(['tea'])
  })
})

/** Whoever has the signing secret signs this token. */
async function forged(token: Token): Promise<string> {
  return `__Host-session=${await signToken(await importKeyring([A]), '__Host-session', token)}`
}

async function tokenIn(cookie: string): Promise<Token> {
  const value = cookie.slice(cookie.indexOf('=') + 1)
  const opened = await openToken(await importKeyring([A]), '__Host-session', value)
  if (!opened.ok) throw new Error(opened.reason)
  return opened.token
}

describe.for(STORES)('who has the signing secret and no cookie, on %s,', ([, makeStore]) => {
  test('opens no session, though he knows where it rests', async () => {
    const deployed = newDeployments(makeStore)
    const { cookie } = await visit(deployed(BEFORE), setting)
    const token = await tokenIn(cookie)
    const app = deployed(BEFORE)
    const reply = await visit(app, reading, await forged({ ...token, secret: newSecret() }))
    expect(reply.body).toBe(null)
    expect(app.calls).toEqual(['read'])
    expect(app.events).toMatchObject([{ type: 'refused' }])
    expect((await visit(app, reading, cookie)).body).toEqual(['tea'])
  })

  test('has no handle of his own adopted: a write makes a session elsewhere', async () => {
    const store = makeStore()
    const app = newApp({ store, secrets: BEFORE })
    const handle = store.newHandle()
    const own = await forged({
      handle,
      secret: newSecret(),
      // A younger one might not be visible on KV yet.
      createdAt: app.now - 60_000,
      usedAt: app.now - 60_000,
    })
    const { cookie } = await visit(
      app,
      async (session) => {
        await session.get('cart')
        session.set('cart', ['tea'])
        return 'ok'
      },
      own,
    )
    const token = await tokenIn(cookie)
    expect(token.handle).not.toBe(handle)
    expect((await visit(app, reading, own)).body).toBe(null)
    expect((await visit(app, reading, cookie)).body).toEqual(['tea'])
  })
})

test.for([
  [
    'on Durable Objects does not outlive the idle timeout',
    () => durableObjectStore(env.SESSIONS),
    null,
  ],
  [
    'on KV lives on: there the cookie alone tells of the last use',
    () => kvStore(env.SESSION_KV),
    ['tea'],
  ],
] as const)('a cookie dated anew by the signing secret %s', async ([, makeStore, expected]) => {
  const deployed = newDeployments(makeStore)
  const { cookie } = await visit(deployed(BEFORE), setting)
  const app = deployed(BEFORE)
  app.now += HOUR
  expect((await visit(app, reading, cookie)).body).toBe(null)
  const dated = await forged({ ...(await tokenIn(cookie)), usedAt: app.now })
  expect((await visit(app, reading, dated)).body).toEqual(expected)
})

test('a Secrets Store’s secret holds all secrets, and the newest signs', async () => {
  const bindings = (text: string): StoreEnv => ({
    SESSIONS: env.SESSIONS,
    SESSION_SECRETS: { get: async () => text },
  })
  const handler = withSecretsStore(async ({ session, method }) => {
    if (method === 'POST') session.set('cart', ['tea'])
    return (await session.get('cart')) ?? []
  })
  const [a, b] = [A, B].map((secret) => secret.replaceAll(' ', '-'))
  let stored = bindings(`${a}`)
  const browser = new Browser(async (request) => handler(request, stored, CONTEXT))
  await browser.fetch('/', { method: 'POST' })
  stored = bindings(`${b} ${a}`)
  const response = await browser.fetch('/')
  expect(await response.json()).toEqual(['tea'])
  // Signed again, under the newest.
  expect(response.headers.getSetCookie()).toHaveLength(1)
  stored = bindings(`${b}`)
  expect(await browser.json('/')).toEqual(['tea'])
})

test('sessions of a secret that was replaced at once stay on their users’ lists until they are ended', async () => {
  const store = durableObjectStore(env.SESSIONS)
  const users = { index: userIndex(env.USERS) }
  const userId = newRandomText()
  const before = newApp({ store, accounts: users, secrets: BEFORE })
  await visit(before, async (session) => {
    await session.signIn(userId)
    return 'ok'
  })
  const after = newApp({ store, accounts: users, secrets: DROPPED })
  expect(await after.sessions.user(userId, env).list()).toHaveLength(1)
  expect(await after.sessions.user(userId, env).revokeAll()).toBe(1)
  expect(await after.sessions.user(userId, env).list()).toEqual([])
})

describe('two Workers on one host', () => {
  interface Visits {
    readonly visits: number
  }

  interface Two {
    readonly browser: Browser
    readonly events: SessionEvent[]
  }

  /** Two Workers under `/one` and `/two`, each counting its visits in its session. */
  function newPair(
    one: Partial<SessionOptions<unknown, Visits>>,
    two: Partial<SessionOptions<unknown, Visits>>,
  ): Two {
    const events: SessionEvent[] = []
    const newWorker = (options: Partial<SessionOptions<unknown, Visits>>) =>
      createSessions<Visits>({
        secrets: [A],
        store: durableObjectStore(env.SESSIONS),
        onEvent: (event) => void events.push(event),
        ...options,
      }).withSession(({ session }) => session.increment('visits'))
    const workers = new Map([
      ['/one', newWorker(one)],
      ['/two', newWorker(two)],
    ])
    const browser = new Browser(async (request) => {
      const worker = workers.get(new URL(request.url).pathname)
      return (await worker?.(request, {}, CONTEXT)) ?? new Response(null, { status: 404 })
    })
    return { browser, events }
  }

  async function visits({ browser }: Two): Promise<unknown[]> {
    const paths = ['/one', '/two', '/one', '/two']
    const counts: unknown[] = []
    for (const path of paths) counts.push(await browser.json(path))
    return counts
  }

  test('share sessions by the same secret, cookie name and store', async () => {
    expect(await visits(newPair({}, {}))).toEqual([1, 2, 3, 4])
  })

  test('take each other’s cookie away by one name and two secrets', async () => {
    const pair = newPair({}, { secrets: [B] })
    expect(await visits(pair)).toEqual([1, 1, 1, 1])
    expect(pair.events).toContainEqual({ type: 'refused', reason: 'unknown-key' })
  })

  test('keep apart by two names, even with the same secret and store', async () => {
    expect(await visits(newPair({}, { cookie: { name: '__Host-admin' } }))).toEqual([1, 1, 2, 2])
  })
})

test('what one secret has signed for one cookie name opens nothing under another', async () => {
  const store = countingStore(durableObjectStore(env.SESSIONS))
  const { cookie } = await visit(newApp({ store: store.store, secrets: [A] }), setting)
  const other = newApp({ store: store.store, secrets: [A], cookie: { name: '__Host-admin' } })
  const moved = cookie.replace('__Host-session=', '__Host-admin=')
  expect((await visit(other, reading, moved)).body).toBe(null)
  expect(other.events).toEqual([{ type: 'refused', reason: 'forged' }])
  expect(other.calls).toEqual([])
})

test('a secret that has to be waited for is refused, and an error says what to write', async () => {
  const waiting = { get: async () => A }
  const { withSession: wrap } = createSessions<Record<string, unknown>, { SECRET: typeof waiting }>(
    {
      // What Cloudflare's Secrets Store gives.
      secrets: ({ SECRET }) => [SECRET.get() as unknown as string],
      store: memoryStore(),
    },
  )
  const request = new Request('https://app.example/')
  const error = await wrap(() => 'ok')(request, { SECRET: waiting }, CONTEXT).catch(
    (fault: unknown) => fault,
  )
  expect(error).toMatchObject({ code: 'ERR_SECRET' })
})
