import { AutoRouter } from 'itty-router'
import { describe, expectTypeOf, test } from 'vitest'

import { createSessions, type DeepReadonly, type Session } from '../src/index.ts'
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
    session.set('theme', 'dark')
    session.set('cart', ['a'] as const)
  })

  test('of another name or kind do not compile', () => {
    // @ts-expect-error no such key
    void session.get('basket')
    // @ts-expect-error no such key
    session.delete('basket')
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
    const all = await session.all()
    // @ts-expect-error a change in place would be lost
    all.visits = 1
  })

  test('DeepReadonly reaches into tuples, maps and sets, and leaves the rest', () => {
    expectTypeOf<DeepReadonly<[string, number[]]>>().toEqualTypeOf<
      readonly [string, readonly number[]]
    >()
    expectTypeOf<DeepReadonly<Map<string, string[]>>>().toEqualTypeOf<
      ReadonlyMap<string, readonly string[]>
    >()
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
})

describe('flash messages', () => {
  test('have types of their own', () => {
    session.flash('notice', { text: 'saved' })
    expectTypeOf(session.flashes()).resolves.toHaveProperty('notice')
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
    // @ts-expect-error there is no default store
    createSessions({ secrets: ['x'.repeat(32)] })
    // @ts-expect-error there is no default secret
    createSessions({ store })
    // @ts-expect-error a misspelt option
    createSessions({ secrets: ['x'.repeat(32)], store, idleTimeOut: 60 })
    // @ts-expect-error no such SameSite
    createSessions({ secrets: ['x'.repeat(32)], store, cookie: { sameSite: 'lax' } })
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
        expectTypeOf(request.session).toEqualTypeOf<Session<Data, Flash>>()
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
    const later = withSession(async ({ session: own }) => own.get('cart'))
    expectTypeOf(later).returns.resolves.toEqualTypeOf<Response | undefined>()
  })

  test('takes any request, and only its own env', () => {
    const handler = withSession(() => 'ok')
    expectTypeOf(handler).parameter(0).toEqualTypeOf<Request>()
    expectTypeOf(handler).parameter(1).toEqualTypeOf<Cloudflare.Env>()
  })
})
