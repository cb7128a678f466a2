import { type } from 'arktype'
import * as v from 'valibot'
import { describe, expectTypeOf, test } from 'vitest'
import { z } from 'zod'

import {
  createSessions,
  type DataCodec,
  type Feature,
  type MethodsOf,
  type Session,
} from '../src/index.ts'
import { checked } from '../src/schema.ts'
import { serialized } from '../src/serialize.ts'
import { durableObjectStore } from '../src/store/durable-object.ts'
import { memoryStore } from '../src/store/memory.ts'

const rest = { secrets: ['x'.repeat(32)], store: memoryStore() } as const

interface Data {
  cart: string[]
  visits: number
  user: { name: string }
}

/** A session of this dictionary, without a feature. */
type Plain<D extends object> = Session<D> & MethodsOf<readonly Feature[]>
type SessionOf<T extends { open: (...args: never) => unknown }> = Awaited<ReturnType<T['open']>>

describe('the types of a session come from its schema:', () => {
  const zod = createSessions({
    ...rest,
    data: checked(
      z.object({
        cart: z.array(z.string()),
        visits: z.number(),
        user: z.object({ name: z.string() }),
      }),
    ),
  })
  const valibot = createSessions({
    ...rest,
    data: checked(
      v.object({
        cart: v.array(v.string()),
        visits: v.number(),
        user: v.object({ name: v.string() }),
      }),
    ),
  })
  const arktype = createSessions({
    ...rest,
    data: checked(type({ cart: 'string[]', visits: 'number', user: { name: 'string' } })),
  })

  test('of zod, valibot and arktype', () => {
    expectTypeOf<SessionOf<typeof zod>>().toEqualTypeOf<Plain<Data>>()
    expectTypeOf<SessionOf<typeof valibot>>().toEqualTypeOf<Plain<Data>>()
    expectTypeOf<SessionOf<typeof arktype>>().toEqualTypeOf<Plain<Data>>()
  })

  test('keys and values of another kind do not compile', () => {
    zod.withSession(({ session }) => {
      session.set('visits', 1)
      // @ts-expect-error a text is no number
      session.set('visits', '1')
      // @ts-expect-error no such key
      session.set('visit', 1)
      // @ts-expect-error a list cannot be counted
      void session.increment('cart')
    })
  })

  test('with the environment of the functions beside it', () => {
    const sessions = createSessions({
      data: checked(z.object({ theme: z.enum(['light', 'dark']) })),
      secrets: (env: Cloudflare.Env) => [env.SESSION_SECRET],
      store: (env: Cloudflare.Env) => durableObjectStore(env.SESSIONS),
    })
    expectTypeOf(sessions.open).parameter(1).toEqualTypeOf<Cloudflare.Env>()
    expectTypeOf<SessionOf<typeof sessions>>().toEqualTypeOf<Plain<{ theme: 'light' | 'dark' }>>()
  })

  test('and where they are given, the schema has to be of them', () => {
    createSessions<{ visits: number }>({
      ...rest,
      data: checked(z.object({ visits: z.number() })),
    })
    const texts = checked(z.object({ visits: z.string() }))
    // @ts-expect-error the schema gives texts
    createSessions<{ visits: number }>({ ...rest, data: texts })
  })
})

test('a schema that changes what it checks does not compile', () => {
  // Optional, branded, with a default: what it gives is what it takes.
  createSessions({
    ...rest,
    data: checked(
      z.object({
        a: z.string().optional(),
        b: z.string().brand('id'),
        c: z.number().default(0),
        d: z.array(z.string()).readonly(),
      }),
    ),
  })
  // @ts-expect-error texts that become numbers
  checked(z.object({ n: z.string().transform(Number) }))
  // @ts-expect-error texts that become numbers
  checked(v.object({ n: v.pipe(v.string(), v.transform(Number)) }))
})

test('a migration gives what the schema describes', () => {
  const schema = z.object({ visits: z.number(), name: z.string() })
  const data = checked(schema, {
    migrate: (stored) => {
      expectTypeOf(stored).toEqualTypeOf<Readonly<Record<string, unknown>>>()
      return { visits: Number(stored['count']) }
    },
  })
  const sessions = createSessions({ ...rest, data })
  expectTypeOf<SessionOf<typeof sessions>>().toEqualTypeOf<
    Plain<{ visits: number; name: string }>
  >()
  checked(schema, { migrate: async () => undefined })
  // @ts-expect-error a text is no number
  checked(schema, { migrate: ({ count }) => ({ visits: String(count) }) })
})

test('a codec below a schema leaves the types to the schema', () => {
  const devalue = { stringify: String, parse: (text: string): unknown => text }
  const data = checked(z.object({ visits: z.number() }), { codec: serialized(devalue) })
  const sessions = createSessions({ ...rest, data })
  expectTypeOf<SessionOf<typeof sessions>>().toEqualTypeOf<Plain<{ visits: number }>>()
  // @ts-expect-error a serializer is not a codec
  checked(z.object({ visits: z.number() }), { codec: devalue })
  // @ts-expect-error a schema is not a codec
  createSessions({ ...rest, data: z.object({ visits: z.number() }) })
})

test('a serializer is given the types that it is for', () => {
  const serializer = { stringify: String, parse: (text: string): unknown => text }
  expectTypeOf(serialized<{ at: Date }>(serializer)).toEqualTypeOf<DataCodec<{ at: Date }>>()
  const sessions = createSessions({ ...rest, data: serialized<{ at: Date }>(serializer) })
  expectTypeOf<SessionOf<typeof sessions>>().toEqualTypeOf<Plain<{ at: Date }>>()
  // @ts-expect-error it has no parse
  serialized({ stringify: String })
})
