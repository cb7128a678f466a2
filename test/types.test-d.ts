import { AutoRouter } from 'itty-router'
import { describe, expectTypeOf, test } from 'vitest'

import {
  createSessions,
  type DeepReadonly,
  type Feature,
  type MethodsOf,
  type Session,
} from '../src/index.ts'
import { durableObjectStore } from '../src/store/durable-object.ts'
import { memoryStore } from '../src/store/memory.ts'

interface Data {
  cart: string[]
  visits: number
  user: { name: string; tags: { id: number }[] }
  theme?: 'light' | 'dark'
}

interface Flash {
  notice: { text: string }
}

type AnyData = Record<string, unknown>

/** A session without a feature: no method but those of the core can be called. */
type Plain<D extends object, F extends object> = Session<D, F> & MethodsOf<readonly Feature[]>

declare const session: Session<Data, Flash>
const store = memoryStore()
const sessions = createSessions<Data, Cloudflare.Env, Flash>({
  secrets: (env) => [env.SESSION_SECRET],
  store: (env) => durableObjectStore(env.SESSIONS),
})

describe('keys and values', () => {
  test('are those of the data', () => {
    expectTypeOf(session.get('cart')).resolves.toEqualTypeOf<readonly string[] | undefined>()
    expectTypeOf(session.get('theme')).resolves.toEqualTypeOf<'light' | 'dark' | undefined>()
    expectTypeOf(session.all())
      .resolves.toHaveProperty('visits')
      .toEqualTypeOf<number | undefined>()
    expectTypeOf(session.keys()).resolves.toEqualTypeOf<('cart' | 'visits' | 'user' | 'theme')[]>()
    expectTypeOf(session.get('user')).resolves.toEqualTypeOf<
      { readonly name: string; readonly tags: readonly { readonly id: number }[] } | undefined
    >()
    expectTypeOf(session.has('cart')).resolves.toEqualTypeOf<boolean>()
    expectTypeOf(session.take('cart')).resolves.toEqualTypeOf<readonly string[] | undefined>()
    session.set('theme', 'dark')
    session.set('cart', ['a'] as const)
  })

  test('may always be absent', async () => {
    const visits = await session.get('visits')
    // @ts-expect-error there may be no value yet
    visits.toFixed()
    const { user } = await session.all()
    // @ts-expect-error there may be no value yet
    void user.name
    const cart = await session.take('cart')
    // @ts-expect-error there may be no value yet
    void cart.length
  })

  test('that are read can be stored again', async () => {
    const { cart = [], user = { name: 'bob', tags: [] } } = await session.all()
    session.set('cart', cart)
    session.set('user', user)
    session.set('user', { ...user, name: 'eve' })
  })

  test('are anything where the type is not given', () => {
    const { open } = createSessions({ secrets: ['x'.repeat(32)], store })
    expectTypeOf(open).returns.resolves.toEqualTypeOf<Plain<AnyData, AnyData>>()
    expectTypeOf(open).returns.resolves.toExtend<Session>()
    const loose = (own: Session): void => {
      own.set('anything', { a: [1] })
      own.flash('anything', 1)
      expectTypeOf(own.get('anything')).resolves.toEqualTypeOf<unknown>()
      expectTypeOf(own.increment('anything')).resolves.toEqualTypeOf<number>()
    }
    expectTypeOf(loose).parameter(0).toEqualTypeOf<Session>()
  })

  test('of another name or kind do not compile', () => {
    // @ts-expect-error no such key
    void session.get('basket')
    // @ts-expect-error no such key
    session.delete('basket')
    // @ts-expect-error no such key
    void session.has('basket')
    // @ts-expect-error no such key
    void session.take('basket')
    // @ts-expect-error no such key
    void session.update('basket', () => 1)
    // @ts-expect-error no such key
    session.set('basket', 1)
    // @ts-expect-error a part of the value is missing
    session.set('user', { name: 'bob' })
    // @ts-expect-error a number is no list of strings
    session.set('cart', 1)
    // @ts-expect-error a list of numbers is no list of strings
    session.set('cart', [1])
    // @ts-expect-error no such theme
    session.set('theme', 'blue')
    // @ts-expect-error undefined is not stored
    session.set('theme', undefined)
  })

  test('can be counted only where they are numbers', () => {
    expectTypeOf(session.increment('visits')).resolves.toEqualTypeOf<number>()
    // @ts-expect-error a list is not counted
    void session.increment('cart')
    // @ts-expect-error an object is not counted
    void session.increment('user')
    // @ts-expect-error one of two words is not counted
    void session.increment('theme')
    // @ts-expect-error no such key
    void session.increment('basket')
    // @ts-expect-error a step is a number
    void session.increment('visits', '1')
  })

  test('are read-only all the way down', async () => {
    const cart = await session.get('cart')
    // @ts-expect-error a change in place would be lost
    cart?.push('a')
    const user = await session.get('user')
    if (user === undefined) return
    // @ts-expect-error a change in place would be lost
    user.name = 'bob'
    // @ts-expect-error a change in place would be lost
    user.tags.push({ id: 1 })
    const [tag] = user.tags
    // @ts-expect-error a change in place would be lost
    if (tag !== undefined) tag.id = 2
    const all = await session.all()
    // @ts-expect-error a change in place would be lost
    all.visits = 1
    // @ts-expect-error a change in place would be lost
    all.cart?.push('a')
    // @ts-expect-error a change in place would be lost
    delete all.cart
    const taken = await session.take('cart')
    // @ts-expect-error a change in place would be lost
    taken?.sort()
    const { notice } = await session.flashes()
    if (notice === undefined) return
    // @ts-expect-error a change in place would be lost
    notice.text = 'b'
  })

  test('DeepReadonly reaches into tuples, maps and sets, and leaves the rest', () => {
    expectTypeOf<DeepReadonly<[string, number[]]>>().toEqualTypeOf<
      readonly [string, readonly number[]]
    >()
    expectTypeOf<DeepReadonly<Map<string, string[]>>>().toEqualTypeOf<
      ReadonlyMap<string, readonly string[]>
    >()
    expectTypeOf<DeepReadonly<Map<{ a: number[] }, { b: string }>>>().toEqualTypeOf<
      ReadonlyMap<{ readonly a: readonly number[] }, { readonly b: string }>
    >()
    expectTypeOf<DeepReadonly<{ a: [{ b: number }, ...string[][]] }>>().toEqualTypeOf<{
      readonly a: readonly [{ readonly b: number }, ...(readonly string[])[]]
    }>()
    expectTypeOf<DeepReadonly<{ a?: string[] } | null>>().toEqualTypeOf<{
      readonly a?: readonly string[]
    } | null>()
    expectTypeOf<DeepReadonly<() => string[]>>().toEqualTypeOf<() => string[]>()
    expectTypeOf<DeepReadonly<Set<number[]>>>().toEqualTypeOf<ReadonlySet<readonly number[]>>()
    expectTypeOf<DeepReadonly<Date>>().toEqualTypeOf<Date>()
    expectTypeOf<DeepReadonly<unknown>>().toEqualTypeOf<unknown>()
  })
})

describe('update', () => {
  test('gives its function the value or undefined, and gives back what the function can give', () => {
    const added = session.update('cart', (cart = []) => {
      expectTypeOf(cart).toEqualTypeOf<readonly string[]>()
      return [...cart, 'a']
    })
    expectTypeOf(added).resolves.toEqualTypeOf<readonly string[]>()
    const removed = session.update('cart', (cart) => (cart?.length === 1 ? undefined : cart))
    expectTypeOf(removed).resolves.toEqualTypeOf<readonly string[] | undefined>()
    // @ts-expect-error a number is no list of strings
    void session.update('cart', () => 1)
  })

  test('calls its function with what may be absent', () => {
    void session.update('visits', (visits) => {
      expectTypeOf(visits).toEqualTypeOf<number | undefined>()
      return (visits ?? 0) + 1
    })
    void session.update('user', (user) => {
      expectTypeOf(user).toEqualTypeOf<DeepReadonly<Data['user']> | undefined>()
      return user
    })
    // @ts-expect-error there may be no value yet
    void session.update('visits', (visits) => visits + 1)
    void session.update('cart', (cart) => {
      // @ts-expect-error a change in place would be lost
      cart?.push('a')
      return cart
    })
  })

  test('waits for an async function, whose result counts in the same way', () => {
    const added = session.update('visits', async (visits = 0) => visits + 1)
    expectTypeOf(added).resolves.toEqualTypeOf<number>()
    const removed = session.update('visits', async (visits = 0) => (visits > 1 ? undefined : 1))
    expectTypeOf(removed).resolves.toEqualTypeOf<number | undefined>()
    // @ts-expect-error a text is no number
    void session.update('visits', async () => '1')
  })

  test('gives undefined where its function gives nothing else', () => {
    expectTypeOf(session.update('cart', () => undefined)).resolves.toEqualTypeOf<
      readonly string[] | undefined
    >()
    expectTypeOf(session.update('theme', () => 'dark')).resolves.toEqualTypeOf<'light' | 'dark'>()
  })
})

describe('flash messages', () => {
  test('have types of their own', () => {
    session.flash('notice', { text: 'saved' })
    expectTypeOf(session.flashes())
      .resolves.toHaveProperty('notice')
      .toEqualTypeOf<{ readonly text: string } | undefined>()
    expectTypeOf(session.flashes()).resolves.not.toHaveProperty('visits')
    // @ts-expect-error a notice is no text
    session.flash('notice', 'saved')
    // @ts-expect-error no such message
    session.flash('error', 'x')
    // @ts-expect-error no such message
    session.flash('visits', 1)
  })
})

describe('options', () => {
  test('need secrets and a store', () => {
    createSessions({ secrets: ['x'.repeat(32)], store })
    // @ts-expect-error an empty list signs nothing
    createSessions({ secrets: [], store })
    // @ts-expect-error an empty list signs nothing
    createSessions({ secrets: () => [], store })
    // @ts-expect-error a list that may be empty
    createSessions({ secrets: [] as string[], store })
    // @ts-expect-error one text is no list
    createSessions({ secrets: 'x'.repeat(32), store })
    // @ts-expect-error a secret that may be missing
    createSessions({ secrets: (env: { SECRET?: string }) => [env.SECRET], store })
    createSessions({ secrets: () => ['x'.repeat(32), 'y'.repeat(32)], store: () => store })
    createSessions({ secrets: async () => ['x'.repeat(32)], store })
    // @ts-expect-error a promise of an empty list
    createSessions({ secrets: async () => [], store })
    // @ts-expect-error there is no default store
    createSessions({ secrets: ['x'.repeat(32)] })
    // @ts-expect-error there is no default secret
    createSessions({ store })
    // @ts-expect-error a misspelt option
    createSessions({ secrets: ['x'.repeat(32)], store, idleTimeOut: 60 })
    // @ts-expect-error no such SameSite
    createSessions({ secrets: ['x'.repeat(32)], store, cookie: { sameSite: 'loose' } })
    createSessions({ secrets: ['x'.repeat(32)], store, cookie: { sameSite: 'lax' } })
    createSessions({ secrets: ['x'.repeat(32)], store, cookie: { sameSite: 'STRICT' } })
    // @ts-expect-error KV is no session store
    createSessions<Data, Cloudflare.Env>({ secrets: ['x'], store: (env) => env.SESSION_KV })
  })
})

describe('withSession', () => {
  const { withSession } = sessions

  test('wraps routes of itty-router, with their parameters', () => {
    const router = AutoRouter()
    router.get(
      '/',
      withSession(async (request) => {
        expectTypeOf(request.session).toEqualTypeOf<Plain<Data, Flash>>()
        return { visits: await request.session.increment('visits') }
      }),
    )
    router.post(
      '/cart/:item',
      withSession(async ({ session: own, params }) => {
        await own.update('cart', (cart = []) => [...cart, params.item])
        return Response.json(await own.get('cart'))
      }),
    )
    expectTypeOf(withSession(router.fetch)).returns.resolves.toEqualTypeOf<Response>()
  })

  test('wraps a whole fetch, in place', () => {
    const worker = {
      fetch: withSession(async ({ session: own, url }) => {
        expectTypeOf(own).toEqualTypeOf<Plain<Data, Flash>>()
        expectTypeOf(url).toEqualTypeOf<string>()
        return { visits: await own.increment('visits') }
      }),
    } satisfies ExportedHandler<Cloudflare.Env>
    expectTypeOf(worker.fetch).returns.resolves.toEqualTypeOf<Response>()
    void ({
      // @ts-expect-error a fetch must answer, and this handler may not
      fetch: withSession(({ url }) => (url === '' ? undefined : 'ok')),
    } satisfies ExportedHandler<Cloudflare.Env>)
    void ({
      // @ts-expect-error a Worker without these bindings
      fetch: withSession(() => 'ok'),
    } satisfies ExportedHandler<{ readonly OTHER: string }>)
  })

  test('wraps itself, a router, and a handler with more on its request', () => {
    const inner = withSession(({ session: own }) => own.increment('visits'))
    expectTypeOf(withSession(inner)).returns.resolves.toEqualTypeOf<Response>()
    const maybe = withSession(() => undefined)
    expectTypeOf(withSession(maybe)).returns.resolves.toEqualTypeOf<Response | undefined>()
    type Routed = Request & { readonly params: { readonly item: string } }
    const routed = withSession(({ params, session: own }: Routed & { session: Session<Data> }) => {
      expectTypeOf(params.item).toEqualTypeOf<string>()
      return own.id
    })
    expectTypeOf(routed).returns.resolves.toEqualTypeOf<Response>()
  })

  test('knows no key but those of the data in a handler', () => {
    // @ts-expect-error no such key
    void withSession(({ session: own }) => own.get('basket'))
    // @ts-expect-error a session is not replaced
    void withSession((request) => void (request.session = session))
  })

  test('wraps a whole fetch', () => {
    const worker = {
      fetch: withSession(async (request, env, ctx) => {
        expectTypeOf(env).toEqualTypeOf<Cloudflare.Env>()
        ctx.waitUntil(Promise.resolve())
        return new Response(request.url)
      }),
    } satisfies ExportedHandler<Cloudflare.Env>
    expectTypeOf(worker.fetch).returns.resolves.toEqualTypeOf<Response>()
  })

  test('gives undefined only where the handler may', () => {
    const always = withSession(() => ({ a: 1 }))
    expectTypeOf(always).returns.resolves.toEqualTypeOf<Response>()
    const sometimes = withSession(({ url }) => (url === '' ? undefined : 'ok'))
    expectTypeOf(sometimes).returns.resolves.toEqualTypeOf<Response | undefined>()
    expectTypeOf(withSession(() => new Response())).returns.resolves.toEqualTypeOf<Response>()
    expectTypeOf(withSession(() => null)).returns.resolves.toEqualTypeOf<Response>()
    expectTypeOf(withSession(async () => 'ok')).returns.resolves.toEqualTypeOf<Response>()
    const nothing = withSession(() => {})
    expectTypeOf(nothing).returns.resolves.toEqualTypeOf<Response | undefined>()
    const throwing = withSession((): never => {
      throw new Error('always')
    })
    expectTypeOf(throwing).returns.resolves.toEqualTypeOf<Response>()
    const unknown = withSession((): unknown => 'ok')
    expectTypeOf(unknown).returns.resolves.toEqualTypeOf<Response | undefined>()
    const later = withSession(async ({ session: own }) => own.get('cart'))
    expectTypeOf(later).returns.resolves.toEqualTypeOf<Response | undefined>()
  })

  test('takes any request, and only its own env', () => {
    const handler = withSession(() => 'ok')
    expectTypeOf(handler).parameter(0).toEqualTypeOf<Request>()
    expectTypeOf(handler).parameter(1).toEqualTypeOf<Cloudflare.Env>()
  })
})

describe('open and commit', () => {
  test('share the session of the data', () => {
    const { open, commit } = sessions
    expectTypeOf(open).parameter(0).toEqualTypeOf<Request>()
    expectTypeOf(open).parameter(1).toEqualTypeOf<Cloudflare.Env>()
    expectTypeOf(open).returns.resolves.toEqualTypeOf<Plain<Data, Flash>>()
    expectTypeOf(open).returns.resolves.toExtend<Session<Data, Flash>>()
    expectTypeOf(commit).parameters.toEqualTypeOf<[Session<Data, Flash>, Response]>()
    expectTypeOf(commit).returns.resolves.toEqualTypeOf<Response>()
  })
})

describe('times and id', () => {
  test('are read, and not written', () => {
    expectTypeOf(session.id).toEqualTypeOf<string>()
    expectTypeOf(session.isNew).toEqualTypeOf<boolean>()
    expectTypeOf(session.createdAt).toEqualTypeOf<Date | undefined>()
    expectTypeOf(session.expiresAt).toEqualTypeOf<Date | undefined>()
    // @ts-expect-error an id is not chosen
    session.id = 'x'
    // @ts-expect-error a time is not chosen
    session.expiresAt = new Date()
  })
})
