import { describe, expectTypeOf, test } from 'vitest'
import { z } from 'zod'

import { createSessions, type DataCodec, json } from '../src/index.ts'
import { checked } from '../src/schema.ts'
import { serialized } from '../src/serialize.ts'
import { memoryStore } from '../src/store/memory.ts'

const base = { secrets: ['x'.repeat(32)] as const, store: memoryStore() }
declare const devalue: { stringify(value: unknown): string; parse(text: string): unknown }
declare const brand: unique symbol

interface Dated {
  when: Date
}

type DatedTree = Dated | DatedTree[]

interface Tree {
  name: string
  children: Tree[]
  parent?: Tree
}

/** The value of `JSON.parse`, as applications and type-fest write it. */
type Json = string | number | boolean | null | Json[] | { [key: string]: Json }

/** What JSON keeps. */
interface Plain {
  text: string
  count: number
  flag: boolean
  nothing: null
  optional?: string
  maybe: string | undefined
  literal: 'a' | 'b'
  union: { kind: 'a'; a: number } | { kind: 'b'; b: string[] }
  branded: string & { readonly [brand]: true }
  branded2: number & { readonly __brand: 'Cents' }
  tuple: [string, number, ...boolean[]]
  list: readonly { id: number; tags?: string[] }[]
  record: Record<string, number>
  unknown: unknown
  never: never
  empty: {}
  object: object
  tree: Tree
  json: Json
  jsons?: readonly Json[]
  fault: { name: string; message: string; stack?: string }
  link: { href: string; size: number }
  template: `user:${string}`
}

describe('data that JSON keeps', () => {
  test('needs no codec', () => {
    createSessions<Plain>(base)
    createSessions<Plain, unknown, Plain>(base)
    createSessions<{ any: ReturnType<typeof JSON.parse> }>(base)
    createSessions<Record<string, unknown>>(base)
    createSessions(base)
    createSessions({ ...base, data: json<Plain>() })
    createSessions({ ...base, data: json<Plain, { notice: { text: string } }>() })
    createSessions({ ...base, data: json<Record<string, unknown>, { notice: string }>() })
    expectTypeOf(json<Plain>()).toExtend<DataCodec<Plain>>()
    checked(z.object({ a: z.string(), b: z.array(z.number()).optional(), c: z.unknown() }))
  })
})

test('a recursive value is read as one that is read-only', () => {
  const { run } = createSessions<Plain>(base)
  void run(new Request('https://app.example/'), {}, async (session) => {
    session.set('json', { list: [1, ['a'], { b: null }] })
    const value = await session.get('json')
    expectTypeOf(value).not.toBeAny()
    expectTypeOf((await session.get('tuple'))?.[1]).toEqualTypeOf<number | undefined>()
    const tree = await session.get('tree')
    // @ts-expect-error an element that was read is read-only
    tree?.children.push(tree)
    // @ts-expect-error so are the parts of an element
    for (const child of tree?.children ?? []) child.name = 'b'
  })
})

describe('data that JSON would change', () => {
  test('does not compile without a codec', () => {
    // @ts-expect-error a Date becomes a string
    createSessions<Dated>(base)
    // @ts-expect-error a Date becomes a string
    createSessions<{ deep: { list: { at: Date }[] } }>(base)
    // @ts-expect-error a Date becomes a string
    createSessions<{ maybe?: Date | string }>(base)
    // @ts-expect-error a Map becomes {}
    createSessions<{ map: Map<string, number> }>(base)
    // @ts-expect-error a Set becomes {}
    createSessions<{ set: ReadonlySet<string> }>(base)
    // @ts-expect-error JSON throws
    createSessions<{ big: bigint }>(base)
    // @ts-expect-error JSON drops it
    createSessions<{ run: () => void }>(base)
    // @ts-expect-error JSON drops its method
    createSessions<{ point: { x: number; length(): number } }>(base)
    // @ts-expect-error JSON drops it
    createSessions<{ mark: symbol }>(base)
    // @ts-expect-error bytes become an object
    createSessions<{ bytes: Uint8Array }>(base)
    // @ts-expect-error a promise becomes {}
    createSessions<{ later: Promise<string> }>(base)
    // @ts-expect-error a URL becomes a string
    createSessions<{ url: URL }>(base)
    // @ts-expect-error a part of a recursive value is a Date
    createSessions<{ tree: DatedTree[] }>(base)
    // @ts-expect-error an element is a Date
    createSessions<{ tuple: [string, Date] }>(base)
    // @ts-expect-error so does a message
    createSessions<Plain, unknown, Dated>(base)
  })

  test('is no type of json()', () => {
    // @ts-expect-error a Date becomes a string
    createSessions({ ...base, data: json<Dated>() })
    // @ts-expect-error a Date becomes a string
    createSessions({ ...base, data: json<Plain, Dated>() })
    // @ts-expect-error a Map becomes {}
    json<{ map: Map<string, number> }>()
  })

  test('compiles with a codec that keeps it', () => {
    createSessions({ ...base, data: serialized<Dated>(devalue) })
    createSessions<Dated>({ ...base, data: serialized(devalue) })
    checked(z.object({ when: z.date() }), { codec: serialized(devalue) })
    // @ts-expect-error checked() has JSON by default
    checked(z.object({ when: z.date() }))
    // @ts-expect-error checked() has JSON by default
    checked(z.object({ when: z.date() }), { migrate: () => ({ when: new Date() }) })
  })
})
