import { env } from 'cloudflare:workers'
import { describe, expect, test } from 'vitest'
import { z } from 'zod'

import { sessionStorage } from '../../src/adapter/react-router-storage.ts'
import { createSessions, type SessionOptions, type SessionStore } from '../../src/index.ts'
import { checked } from '../../src/schema.ts'
import { serialized, type Serializer } from '../../src/serialize.ts'
import { durableObjectStore } from '../../src/store/durable-object.ts'
import { kvStore } from '../../src/store/kv.ts'
import { countingStore } from '../support/counting-store.ts'

type Storage = ReturnType<typeof sessionStorage<Record<string, unknown>, unknown, object, object>>

/** Sets as lists behind a letter. */
function setsBehind(letter: string): Serializer {
  return {
    stringify: (value) =>
      letter +
      JSON.stringify(value, (_, item: unknown) =>
        item instanceof Set ? { set: [...(item as Set<unknown>)] } : item,
      ),
    parse: (text) => {
      if (!text.startsWith(letter)) throw new SyntaxError('another format')
      return JSON.parse(text.slice(letter.length), (_, item: { set?: unknown[] } | null) =>
        item?.set === undefined ? item : new Set(item.set),
      )
    },
  }
}

/** Another spelling of what `setsBehind('a')` reads. */
const spaced = (value: unknown): string => setsBehind('a ').stringify(value)

const SETS = { data: serialized(setsBehind('a')) }

function newStorage(store: SessionStore, options: Partial<SessionOptions<unknown>> = {}): Storage {
  const sessions = createSessions({ secrets: [env.SESSION_SECRET], store, ...options })
  return sessionStorage(sessions, () => env) as Storage
}

type Change = (session: Awaited<ReturnType<Storage['getSession']>>) => void

/** What a request commits; gives the cookie for the next. */
async function commit(
  { getSession, commitSession }: Storage,
  cookie: string,
  change: Change,
): Promise<string> {
  const session = await getSession(cookie)
  change(session)
  return (await commitSession(session)).split(';', 1).join('')
}

const dataOf = async ({ getSession }: Storage, cookie: string): Promise<object> =>
  (await getSession(cookie)).data

const setTheme: Change = (session) => session.set('theme', 'dark')

describe.for<[name: string, newStore: () => SessionStore]>([
  ['objects', () => durableObjectStore(env.SESSIONS)],
  ['KV', () => kvStore(env.SESSION_KV)],
])('on %s, a commit', ([, newStore]) => {
  test.for<[what: string, later: Partial<SessionOptions<unknown>>]>([
    ['was taken away', {}],
    ['was changed', { data: serialized(setsBehind('b')) }],
    ['gives nothing for it', { data: serialized({ ...setsBehind('b'), parse: () => undefined }) }],
    ['stands behind a schema now', { data: checked(z.object({ theme: z.string() })) }],
  ])('keeps values and messages that it cannot read: the serializer %s', async ([, later]) => {
    const store = newStore()
    const before = newStorage(store, SETS)
    const cookie = await commit(before, '', (session) => {
      session.set('cart', new Set(['apple']))
      session.flash('notice' as never, new Set(['saved']) as never)
    })
    const next = await commit(newStorage(store, later), cookie, (session) => {
      expect([session.has('cart'), session.get('cart'), session.data]).toEqual([
        false,
        undefined,
        {},
      ])
      session.set('theme', 'dark')
    })
    const session = await before.getSession(next)
    expect(session.get('cart')).toEqual(new Set(['apple']))
    expect(session.get('notice')).toEqual(new Set(['saved']))
  })

  test('deletes or replaces such a value where that is asked for', async () => {
    const store = newStore()
    const before = newStorage(store, SETS)
    const cookie = await commit(before, '', (session) => {
      session.set('cart', new Set(['apple']))
      session.set('tags', new Set(['a']))
    })
    const next = await commit(newStorage(store), cookie, (session) => {
      session.unset('cart')
      session.set('tags', 'none')
    })
    expect(await dataOf(newStorage(store), next)).toEqual({ tags: 'none' })
  })

  test('still deletes nothing when the same session is committed again', async () => {
    const store = newStore()
    const before = newStorage(store, SETS)
    const cookie = await commit(before, '', (session) => session.set('cart', new Set(['apple'])))
    const { getSession, commitSession } = newStorage(store)
    const session = await getSession(cookie)
    session.set('theme', 'dark')
    await commitSession(session)
    session.set('theme', 'light')
    const next = (await commitSession(session)).split(';', 1).join('')
    expect((await before.getSession(next)).data).toEqual({
      cart: new Set(['apple']),
      theme: 'light',
    })
  })
})

test.for<[what: string, before: object, after: object]>([
  ['added', {}, SETS],
  [
    'changed to one that reads the former texts',
    SETS,
    { data: serialized({ ...setsBehind('a'), stringify: spaced }) },
  ],
])('a serializer that was %s writes no key that was not touched', async ([, before, after]) => {
  const store = durableObjectStore(env.SESSIONS)
  const old = newStorage(store, before)
  const cookie = await commit(old, '', (session) => {
    session.set('cart', ['apple'])
    session.set('user', 'ada')
  })
  const counted = countingStore(store)
  const storage = newStorage(counted.store, after)
  const slow = await storage.getSession(cookie)
  await storage.commitSession(slow)
  expect(counted.calls).toEqual(['read'])
  // Another request changes the cart meanwhile.
  await commit(old, cookie, (session) => session.set('cart', ['pear']))
  slow.set('theme', 'dark')
  await storage.commitSession(slow)
  expect((await old.getSession(cookie)).get('cart')).toEqual(['pear'])
})

test('a change in place of an older text is written, and only that', async () => {
  const store = durableObjectStore(env.SESSIONS)
  const cookie = await commit(newStorage(store), '', (session) => {
    session.set('cart', ['apple'])
    session.set('user', { name: 'ada' })
  })
  const storage = newStorage(store, SETS)
  await commit(storage, cookie, (session) => void (session.get('cart') as string[]).push('pear'))
  const { data } = await storage.getSession(cookie)
  expect(data).toEqual({ cart: ['apple', 'pear'], user: { name: 'ada' } })
  // The user is still in JSON.
  expect(await dataOf(newStorage(store), cookie)).toEqual({ user: { name: 'ada' } })
})

test('a value that only the whole dictionary makes valid does not fail the commit of another', async () => {
  const store = durableObjectStore(env.SESSIONS)
  const validate = (values: unknown) => {
    const { from, to } = values as { from?: number; to?: number }
    const isRight = from === undefined || from <= (to ?? 0)
    return isRight
      ? { value: { ...(values as object) } }
      : { issues: [{ message: '', path: ['from'] }] }
  }
  const data = checked<Record<string, unknown>>({
    '~standard': { version: 1, vendor: 'test', validate },
  })
  const cookie = await commit(newStorage(store), '', (session) => {
    session.set('to', 5)
    session.set('from', 1)
  })
  const storage = newStorage(store, { data })
  await commit(storage, cookie, setTheme)
  expect(await dataOf(storage, cookie)).toEqual({ from: 1, to: 5, theme: 'dark' })
})

test('a function of onStoreFailure has no address that it could redirect to by mistake', async () => {
  const store = durableObjectStore(env.SESSIONS)
  const urls: string[] = []
  const down: SessionStore = { ...store, create: () => Promise.reject(new Error('down')) }
  const storage = newStorage(down, {
    onStoreFailure: (_, { url }) => {
      urls.push(url)
      return Response.redirect(new URL('/down', url).href)
    },
  })
  await expect(commit(storage, '', setTheme)).rejects.toThrow(TypeError)
  expect(urls).toEqual(['about:blank'])
  const absolute = newStorage(down, {
    onStoreFailure: () => Response.redirect('https://app.example/down'),
  })
  const answer: unknown = await commit(absolute, '', setTheme).catch((error: unknown) => error)
  expect((answer as Response).headers.get('Location')).toBe('https://app.example/down')
})
