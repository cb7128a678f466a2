import { type } from 'arktype'
import * as v from 'valibot'
import { describe, expectTypeOf, test } from 'vitest'
import { z } from 'zod'

import { createSessions, type Session } from '../src/index.ts'
import { durableObjectStore } from '../src/store/durable-object.ts'
import { memoryStore } from '../src/store/memory.ts'

const rest = { secrets: ['x'.repeat(32)], store: memoryStore() } as const

interface Data {
  cart: string[]
  visits: number
  user: { name: string }
}

type SessionOf<T extends { open: (...args: never) => unknown }> = Awaited<ReturnType<T['open']>>

describe('the types of a session come from its schema:', () => {
  const zod = createSessions({
    ...rest,
    schema: z.object({
      cart: z.array(z.string()),
      visits: z.number(),
      user: z.object({ name: z.string() }),
    }),
  })
  const valibot = createSessions({
    ...rest,
    schema: v.object({
      cart: v.array(v.string()),
      visits: v.number(),
      user: v.object({ name: v.string() }),
    }),
  })
  const arktype = createSessions({
    ...rest,
    schema: type({ cart: 'string[]', visits: 'number', user: { name: 'string' } }),
  })

  test('of zod, valibot and arktype', () => {
    expectTypeOf<SessionOf<typeof zod>>().toEqualTypeOf<Session<Data>>()
    expectTypeOf<SessionOf<typeof valibot>>().toEqualTypeOf<Session<Data>>()
    expectTypeOf<SessionOf<typeof arktype>>().toEqualTypeOf<Session<Data>>()
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
      schema: z.object({ theme: z.enum(['light', 'dark']) }),
      secrets: (env: Cloudflare.Env) => [env.SESSION_SECRET],
      store: (env: Cloudflare.Env) => durableObjectStore(env.SESSIONS),
    })
    expectTypeOf(sessions.open).parameter(1).toEqualTypeOf<Cloudflare.Env>()
    expectTypeOf<SessionOf<typeof sessions>>().toEqualTypeOf<Session<{ theme: 'light' | 'dark' }>>()
  })

  test('and where they are given, the schema has to be of them', () => {
    createSessions<{ visits: number }>({ ...rest, schema: z.object({ visits: z.number() }) })
    // @ts-expect-error the schema gives texts
    createSessions<{ visits: number }>({ ...rest, schema: z.object({ visits: z.string() }) })
  })
})

test('a schema that changes what it checks does not compile', () => {
  // Optional, branded, with a default: what it gives is what it takes.
  createSessions({
    ...rest,
    schema: z.object({
      a: z.string().optional(),
      b: z.string().brand('id'),
      c: z.number().default(0),
      d: z.array(z.string()).readonly(),
    }),
  })
  // @ts-expect-error texts that become numbers
  createSessions({ ...rest, schema: z.object({ n: z.string().transform(Number) }) })
  createSessions({
    ...rest,
    // @ts-expect-error texts that become numbers
    schema: v.object({ n: v.pipe(v.string(), v.transform(Number)) }),
  })
})

test('a migration gives what the schema describes', () => {
  const schema = z.object({ visits: z.number(), name: z.string() })
  createSessions({
    ...rest,
    schema,
    migrate: (stored) => {
      expectTypeOf(stored).toEqualTypeOf<Readonly<Record<string, unknown>>>()
      return { visits: Number(stored['count']) }
    },
  })
  createSessions({ ...rest, schema, migrate: async () => undefined })
  // @ts-expect-error a text is no number
  createSessions({ ...rest, schema, migrate: ({ count }) => ({ visits: String(count) }) })
})
