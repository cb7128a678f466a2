import { expect, test } from 'vitest'

import type { Reach } from '../../src/store/user-index/reach.ts'
import { UserCell } from '../../src/store/user-index/user-cell.ts'
import type { ListedSession } from '../../src/store/user-index/user-list.ts'
import type { UserRows } from '../../src/store/user-index/user-rows.ts'

const NOW = 1_800_000_000_000
const HOUR = 3_600_000
const RETRY = 5000

interface Stored {
  /** The object, until it is evicted: then another one begins with what is stored. */
  cell: UserCell
  readonly evict: () => void
  readonly call: (what: object) => Promise<unknown>
  readonly alarm: { at: number }
}

/** A user's object that stores what it saves, and no more. */
function stored(reach: Partial<Reach>, ...sessions: ListedSession[]): Stored {
  const rows = {
    userId: 'ada',
    listed: new Map(sessions.map((session) => [session.id, session])),
    reserved: new Map(),
    ending: new Map(),
  } satisfies UserRows
  const alarm = { at: 0 }
  const newCell = (): UserCell =>
    new UserCell(
      structuredClone(rows),
      {
        save: (present, ids) => {
          for (const kind of ['listed', 'reserved', 'ending'] as const) {
            for (const id of ids) {
              const row: unknown = present[kind].get(id)
              if (row === undefined) rows[kind].delete(id)
              else rows[kind].set(id, structuredClone(row) as never)
            }
          }
        },
        wakeAt: (time) => {
          alarm.at = time
        },
      },
      { look: async () => undefined, end: async () => true, ...reach },
    )
  const own: Stored = {
    cell: newCell(),
    evict: () => {
      own.cell = newCell()
    },
    call: async (what) =>
      JSON.parse(await own.cell.call(JSON.stringify({ userId: 'ada', now: NOW, ...what }))),
    alarm,
  }
  return own
}

function sessionOf(id: string, address = `object:${id}`): ListedSession {
  const createdAt = NOW - HOUR
  return { id, address, createdAt, usedAt: createdAt, expiresAt: NOW + HOUR }
}

const ALL = { method: 'revoke', which: { kind: 'all' } }

test('a sign-in on its way that is revoked is ended when it comes, by an object that was evicted, too', async () => {
  const ended: string[] = []
  const user = stored({
    end: async (address) => {
      ended.push(address)
      return true
    },
  })
  const limit = { max: 5, whenFull: 'refuse' }
  expect(await user.call({ method: 'reserve', id: 's0', limit })).toBe(true)
  await user.call(ALL)
  user.evict()
  await user.call({ method: 'add', session: sessionOf('s0'), isSignIn: true, limit })
  expect(ended).toEqual(['object:s0'])
  expect(await user.call({ method: 'list', after: '' })).toEqual({ sessions: [] })
})

test('the alarm that finishes a revocation is set before the first session is asked', async () => {
  const asked = Promise.withResolvers<undefined>()
  const user = stored(
    {
      end: () => {
        asked.resolve(undefined)
        return new Promise(() => undefined)
      },
    },
    sessionOf('s0'),
  )
  void user.call(ALL)
  await asked.promise
  expect(user.alarm.at).toBe(NOW + RETRY)
})

test('after one success a failure is tried again as soon as the first', async () => {
  let isBroken = true
  const user = stored(
    {
      end: async () => {
        if (isBroken) throw new Error('out of reach')
        return true
      },
    },
    sessionOf('s0'),
    sessionOf('s1'),
  )
  const one = (only: string): object => ({ method: 'revoke', which: { kind: 'one', only } })
  await expect(user.call(one('s0'))).rejects.toThrow('out of reach')
  await user.cell.wake(user.alarm.at)
  isBroken = false
  await user.cell.wake(user.alarm.at)
  isBroken = true
  await expect(user.call(one('s1'))).rejects.toThrow('out of reach')
  expect(user.alarm.at).toBe(NOW + RETRY)
})

test('an ending that is not certain is repeated once, by an object that was evicted, too', async () => {
  const ended: string[] = []
  const user = stored(
    {
      end: async (address) => {
        ended.push(address)
        return false
      },
    },
    sessionOf('s0', 'kv:s0'),
  )
  expect(await user.call(ALL)).toEqual({ ids: ['s0'], left: 0 })
  expect(user.alarm.at).toBeGreaterThan(NOW + RETRY)
  user.evict()
  await user.cell.wake(user.alarm.at)
  await user.cell.wake(user.alarm.at + HOUR)
  expect(ended).toEqual(['kv:s0', 'kv:s0'])
})

test('a listed session that signs in again takes no second place, and ends no other', async () => {
  const ended: string[] = []
  const user = stored(
    {
      look: async () => ({ ok: true, usedAt: NOW, expiresAt: NOW + HOUR }),
      end: async (address) => {
        ended.push(address)
        return true
      },
    },
    sessionOf('s0'),
    sessionOf('s1'),
  )
  const limit = { max: 2, whenFull: 'end-oldest' }
  const add = { method: 'add', isSignIn: true, limit }
  expect(await user.call({ ...add, session: sessionOf('s1') })).toEqual([])
  expect(ended).toEqual([])
  expect(await user.call({ ...add, session: sessionOf('s2') })).toHaveLength(1)
})

test('a sign-in never ends itself, even if a late clock makes it the oldest', async () => {
  const user = stored(
    { look: async () => ({ ok: true, usedAt: NOW, expiresAt: NOW + HOUR }) },
    sessionOf('s0'),
    sessionOf('s1'),
  )
  const session = { ...sessionOf('s2'), createdAt: NOW - 2 * HOUR }
  const limit = { max: 2, whenFull: 'end-oldest' }
  expect(await user.call({ method: 'add', isSignIn: true, limit, session })).toEqual(['s0'])
})

test('a session that lives longer than its list says is next asked when that time is over', async () => {
  const until = NOW + HOUR
  const user = stored(
    { look: async () => ({ ok: true, usedAt: NOW, expiresAt: until }) },
    { ...sessionOf('s0'), expiresAt: NOW },
  )
  await user.cell.wake(NOW)
  expect(user.alarm.at).toBe(until)
  // The object has it on record.
  user.evict()
  await user.cell.wake(NOW + 1)
  expect(user.alarm.at).toBe(until)
})
