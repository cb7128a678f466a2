import { describe, expectTypeOf, test } from 'vitest'
import { z } from 'zod'

import {
  type Aal,
  type AccountMethods,
  accounts,
  type SignInDetails,
  type UserSessions,
} from '../src/accounts.ts'
import { adopting } from '../src/adopt.ts'
import { requireUser } from '../src/guard/require-user.ts'
import { createSessions, type Feature, json, type Session } from '../src/index.ts'
import { tornadoCookie } from '../src/migrate/tornado.ts'
import { once } from '../src/once.ts'
import { remembering } from '../src/remember.ts'
import { renewing } from '../src/renew.ts'
import { checked } from '../src/schema.ts'
import { durableObjectStore } from '../src/store/durable-object.ts'
import { memoryStore } from '../src/store/memory.ts'
import { userIndex } from '../src/store/user-index.ts'

interface Data {
  cart: string[]
}

interface Flash {
  notice: string
}

type Env = Cloudflare.Env
declare const bindings: Env
type SessionOf<T extends { open: (...args: never) => unknown }> = Awaited<ReturnType<T['open']>>

const core = { secrets: ['x'.repeat(32)], store: memoryStore() } as const

describe('a sign-in that is remembered', () => {
  const { withSession } = createSessions({
    ...core,
    use: [accounts({ remember: remembering({ absoluteTimeout: 90 * 86_400 }) })],
  })

  test('takes true, false and timeouts, and nothing else', () => {
    withSession(({ session }) => {
      void session.signIn('ada', { remember: true })
      void session.signIn('ada', { remember: { idleTimeout: 3600 } })
      // @ts-expect-error what a form gives is a text
      void session.signIn('ada', { remember: 'on' })
      // @ts-expect-error the timeouts are numbers
      void session.signIn('ada', { remember: { idleTimeout: '1 hour' } })
    })
    // @ts-expect-error the function that makes it is called
    accounts({ remember: remembering })
    // @ts-expect-error an unknown name
    remembering({ idle: 3600 })
  })
})

describe('without accounts() in use', () => {
  const without = createSessions(core)
  const withOthers = createSessions({ ...core, use: [renewing({ everySeconds: 60 })] })
  const withNone = createSessions({ ...core, use: [] })
  const withTypes = createSessions<Data, Env>({
    secrets: (env) => [env.SESSION_SECRET],
    store: (env) => durableObjectStore(env.SESSIONS),
  })

  test('nobody can sign in or out', () => {
    without.withSession(({ session }) => {
      // @ts-expect-error there is no accounts()
      void session.signIn('ada')
      // @ts-expect-error there is no accounts()
      void session.signOut()
    })
    withOthers.withSession(({ session }) => {
      // @ts-expect-error there is no accounts()
      void session.signIn('ada')
    })
    withNone.withSession(({ session }) => {
      // @ts-expect-error there is no accounts()
      void session.signIn('ada')
    })
    withTypes.withSession(({ session }) => {
      // @ts-expect-error there is no accounts()
      void session.signIn('ada')
    })
  })

  test('nobody can be signed in', () => {
    without.withSession(({ session }) => {
      // @ts-expect-error there is no accounts()
      const at: Date | undefined = session.authenticatedAt
      // @ts-expect-error there is no accounts()
      const aal: Aal | undefined = session.aal
      // @ts-expect-error there is no accounts()
      const userId: string | undefined = session.userId
      return [at, aal, userId]
    })
    // @ts-expect-error there is no accounts()
    without.withSession(requireUser()(({ session }) => session.userId))
    // @ts-expect-error there is no accounts()
    withTypes.withSession(requireUser()(({ session }) => session.userId))
    const unasked = without.withSession(requireUser()(() => 'in'))
    // @ts-expect-error there is no accounts()
    void ({ fetch: unasked } satisfies ExportedHandler)
  })

  test('the error says what to add', () => {
    type Hint = SessionOf<typeof without>['signIn' | 'signOut' | 'authenticatedAt' | 'aal']
    expectTypeOf<Hint>().toExtend<`Add accounts() of edge-session/accounts to use.${string}`>()
  })

  test('there are no lists of users', () => {
    // @ts-expect-error there is no accounts()
    void without.user('ada', {})
    // @ts-expect-error there is no accounts()
    void withOthers.user('ada', {})
    // @ts-expect-error there is no accounts()
    void withTypes.user('ada', bindings)
  })
})

describe('with accounts() in use', () => {
  const sessions = createSessions({
    data: json<Data, Flash>(),
    secrets: (env: Env) => [env.SESSION_SECRET],
    store: (env) => durableObjectStore(env.SESSIONS),
    use: [accounts({ index: (env: Env) => userIndex(env.USERS) })],
  })

  test('the session has its methods', () => {
    expectTypeOf<SessionOf<typeof sessions>>().toExtend<Session<Data, Flash> & AccountMethods>()
    sessions.withSession(async ({ session }) => {
      expectTypeOf(session.signIn).parameter(0).toEqualTypeOf<string>()
      expectTypeOf(session.signIn).parameter(1).toEqualTypeOf<SignInDetails | undefined>()
      expectTypeOf(session.signOut()).resolves.toEqualTypeOf<void>()
      expectTypeOf(session.userId).toEqualTypeOf<string | undefined>()
      expectTypeOf(session.authenticatedAt).toEqualTypeOf<Date | undefined>()
      expectTypeOf(session.aal).toEqualTypeOf<Aal | undefined>()
    })
    sessions.withSession(requireUser()(({ session }) => session.userId))
  })

  test('sessions have lists of users, for the env of its index', () => {
    const { user } = sessions
    expectTypeOf(user('ada', bindings)).toEqualTypeOf<UserSessions>()
    // @ts-expect-error an env without the bindings
    void user('ada', {})
    // @ts-expect-error a number is not a user's id
    void user(1, bindings)
  })

  test('the types are inferred, or given: never both, which the error says', () => {
    const given = createSessions<Data, Env>({ ...core, use: [accounts()] })
    given.withSession(({ session }) => {
      // @ts-expect-error with type arguments the features are not known
      void session.signIn('ada')
    })
    expectTypeOf<
      SessionOf<typeof given>['signIn']
    >().toExtend<`${string}Give the data by data: json<Data>(), not by type arguments.`>()
  })

  test('beside other features, in any place', () => {
    const old = tornadoCookie({ name: 'old', secret: 'x'.repeat(32), load: () => ({}) })
    const many = createSessions({
      ...core,
      data: json<Data>(),
      use: [renewing({ everySeconds: 900 }), adopting(old), accounts()],
    })
    many.withSession(({ session }) => {
      session.set('cart', ['a'])
      // @ts-expect-error a number is not a list
      session.set('cart', 1)
      return session.signIn('ada')
    })
    void many.user('ada', {})
  })
})

describe('with once()', () => {
  const sessions = createSessions({ ...core, data: json<Data>(), use: [once()] })

  test('the session has its method, which returns what the function does, read-only', () => {
    sessions.withSession(async ({ session }) => {
      const made = session.once('a', async () => ({ list: [1] }), { keep: 5, lease: 5 })
      expectTypeOf(made).resolves.toEqualTypeOf<{ readonly list: readonly number[] }>()
      expectTypeOf(session.once('a', () => undefined)).resolves.toEqualTypeOf<undefined>()
      // @ts-expect-error a key is a text
      void session.once(1, () => 1)
      // @ts-expect-error no such option
      void session.once('a', () => 1, { seconds: 5 })
    })
  })

  test('without it the error says what to add', () => {
    const without = createSessions({ ...core, data: json<Data>() })
    without.withSession(({ session }) => {
      // @ts-expect-error without the feature
      void session.once('a', () => 1)
    })
    expectTypeOf<
      SessionOf<typeof without>['once']
    >().toExtend<`Add once() of edge-session/once${string}`>()
  })
})

describe('inferred are', () => {
  test('the data, from json() and from a schema, and not only from a type argument', () => {
    const typed = createSessions({ ...core, data: json<Data, Flash>(), use: [accounts()] })
    expectTypeOf<SessionOf<typeof typed>>().toExtend<Session<Data, Flash>>()
    const inSchema = createSessions({
      ...core,
      data: checked(z.object({ visits: z.number() })),
      use: [accounts()],
    })
    inSchema.withSession(async ({ session }) => {
      expectTypeOf(await session.get('visits')).toEqualTypeOf<number | undefined>()
      // @ts-expect-error no such key
      session.set('cart', [])
      await session.signIn('ada')
    })
  })

  test('the env, from the parameter of whichever option says it', () => {
    const bySecrets = createSessions({
      secrets: (env: Env) => [env.SESSION_SECRET],
      store: (env) => durableObjectStore(env.SESSIONS),
      use: [accounts()],
    })
    const byStore = createSessions({
      ...core,
      store: (env: Env) => durableObjectStore(env.SESSIONS),
    })
    const byAsync = createSessions({
      ...core,
      secrets: async (env: { readonly SECRET: { get(): Promise<string> } }) => [
        await env.SECRET.get(),
      ],
    })
    expectTypeOf(bySecrets.open).parameter(1).toEqualTypeOf<Env>()
    expectTypeOf(byStore.open).parameter(1).toEqualTypeOf<Env>()
    expectTypeOf(byAsync.open)
      .parameter(1)
      .toEqualTypeOf<{ readonly SECRET: { get(): Promise<string> } }>()
    bySecrets.withSession((_request, env) => {
      expectTypeOf(env).toEqualTypeOf<Env>()
    })
  })

  test('the methods of a feature of one’s own', () => {
    const hello: Feature<{ hello(): string }, { version: number }> = {
      feature: 'hello',
      methods: { hello: () => 'hello' },
      more: () => ({ version: 1 }),
    }
    const sessions = createSessions({ ...core, use: [hello] })
    expectTypeOf(sessions.version).toEqualTypeOf<number>()
    sessions.withSession(({ session }) => {
      expectTypeOf(session.hello()).toEqualTypeOf<string>()
      // @ts-expect-error there is no accounts()
      void session.signIn('ada')
    })
  })
})

describe('options that do not compile:', () => {
  test('those of earlier versions', () => {
    // @ts-expect-error now store: cached(store, { maxAgeSeconds })
    createSessions({ ...core, readCache: { maxAgeSeconds: 5 } })
    // @ts-expect-error now data: checked(schema)
    createSessions({ ...core, schema: z.object({}) })
    // @ts-expect-error now data: serialized(serializer)
    createSessions({ ...core, serializer: JSON })
    // @ts-expect-error now use: [accounts({ index })]
    createSessions({ ...core, users: userIndex() })
    // @ts-expect-error now use: [renewing({ everySeconds })]
    createSessions({ ...core, renewEvery: 60 })
  })

  test('what is not a feature, or lacks what it needs', () => {
    // @ts-expect-error a function that makes a feature is not one
    createSessions({ ...core, use: [accounts] })
    // @ts-expect-error a feature alone is not a list
    createSessions({ ...core, use: accounts() })
    // @ts-expect-error everySeconds is missing
    renewing({ graceSeconds: 5 })
    // @ts-expect-error a user may do two things when the list is full
    accounts({ limit: { max: 1, whenFull: 'end-newest' } })
    // @ts-expect-error no such directive
    accounts({ clearSiteData: ['cookie'] })
    // @ts-expect-error an option is not an adoption
    adopting({ name: 'old' })
  })
})
