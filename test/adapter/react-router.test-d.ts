import {
  createContext,
  createMemorySessionStorage,
  type LoaderFunctionArgs,
  type MiddlewareFunction,
  type RouteObject,
  type RouterContextProvider,
  type SessionStorage,
} from 'react-router'
import { describe, expectTypeOf, test } from 'vitest'

import { type AccountMethods, accounts } from '../../src/accounts.ts'
import { sessionStorage } from '../../src/adapter/react-router-storage.ts'
import { guardMiddleware, sessionMiddleware } from '../../src/adapter/react-router.ts'
import { csrfGuard } from '../../src/guard/csrf.ts'
import { requireUser } from '../../src/guard/require-user.ts'
import { createSessions, json, type Session } from '../../src/index.ts'
import { memoryStore } from '../../src/store/memory.ts'

interface Data {
  cart: string[]
  visits: number
}

interface Flash {
  notice: string
}

const sessions = createSessions<Data, Cloudflare.Env, Flash>({
  secrets: (env) => [env.SESSION_SECRET],
  store: memoryStore(),
})
const sessionContext = createContext<Session<Data, Flash>>()
declare const env: Cloudflare.Env

describe('sessionMiddleware', () => {
  const middleware = sessionMiddleware(sessions, { context: sessionContext, env: () => env })

  test('is a middleware of a server’s routes and of route objects', () => {
    expectTypeOf(middleware).toExtend<MiddlewareFunction<Response>[]>()
    expectTypeOf(middleware).toExtend<NonNullable<RouteObject['middleware']>>()
    const userContext = createContext<Session<Data, Flash> & AccountMethods>()
    expectTypeOf(guardMiddleware(requireUser(), { context: userContext })).toExtend<
      MiddlewareFunction<Response>
    >()
    // @ts-expect-error a guard for users needs accounts() in use
    void guardMiddleware(requireUser(), { context: sessionContext })
    void guardMiddleware(csrfGuard(), { context: userContext })
    void guardMiddleware(csrfGuard(), { context: sessionContext })
  })

  test('gives loaders a session with the data’s keys and values', () => {
    const loader = async ({
      context,
    }: LoaderFunctionArgs<RouterContextProvider>): Promise<number> => {
      const session = context.get(sessionContext)
      expectTypeOf(await session.get('cart')).toEqualTypeOf<readonly string[] | undefined>()
      // @ts-expect-error no such key
      session.set('basket', [])
      // @ts-expect-error a list is not counted
      void session.increment('cart')
      return session.increment('visits')
    }
    expectTypeOf(loader).returns.resolves.toEqualTypeOf<number>()
  })

  test('takes only a context for sessions of these data, and an env that fits', () => {
    const other = createContext<Session<{ other: string }>>()
    // @ts-expect-error a context for other data
    sessionMiddleware(sessions, { context: other, env: () => env })
    // @ts-expect-error an env without the bindings
    sessionMiddleware(sessions, { context: sessionContext, env: () => ({}) })
    // @ts-expect-error no env
    sessionMiddleware(sessions, { context: sessionContext })
  })

  test('takes a context for a session with the methods of accounts() only if that is in use', () => {
    const signedIn = createContext<Session<Data, Flash> & AccountMethods>()
    const withAccounts = createSessions({
      data: json<Data, Flash>(),
      secrets: (own: Cloudflare.Env) => [own.SESSION_SECRET],
      store: memoryStore(),
      use: [accounts()],
    })
    sessionMiddleware(withAccounts, { context: signedIn, env: () => env })
    sessionMiddleware(withAccounts, { context: sessionContext, env: () => env })
    // @ts-expect-error accounts() is not in use
    sessionMiddleware(sessions, { context: signedIn, env: () => env })
  })
})

describe('sessionStorage', () => {
  const storage = sessionStorage(sessions, () => env)

  test('is a SessionStorage, typed as React Router’s own', () => {
    expectTypeOf(storage).toEqualTypeOf<SessionStorage<Data, Flash>>()
    expectTypeOf(createMemorySessionStorage<Data, Flash>()).toEqualTypeOf<typeof storage>()
  })

  test('knows the data’s keys and values', async () => {
    const session = await storage.getSession(null)
    expectTypeOf(session.get('cart')).toEqualTypeOf<string[] | undefined>()
    expectTypeOf(session.get('notice')).toEqualTypeOf<string | undefined>()
    // @ts-expect-error no such key
    session.get('basket')
    // @ts-expect-error a number is no list of strings
    session.set('cart', 1)
    // @ts-expect-error no such message
    session.flash('warning', 'x')
  })
})
