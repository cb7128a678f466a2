import { describe, expect, test } from 'vitest'

import type { Look } from '../../src/record/step.ts'
import type { Gone } from '../../src/record/store.ts'
import type { Reach } from '../../src/store/user-index/reach.ts'
import type { ListPage } from '../../src/store/user-index/user-call.ts'
import { UserCell } from '../../src/store/user-index/user-cell.ts'
import type { ListedSession } from '../../src/store/user-index/user-list.ts'
import type { UserRows, UserStorage } from '../../src/store/user-index/user-rows.ts'

const HOUR = 3_600_000
const NOW = 1_800_000_000_000

interface Alarm {
  at: number
}

/** A cell with this many sessions, of which the broken ones can't be reached. Simulated, to have so many that fail. */
function cellWith(
  count: number,
  broken: ReadonlySet<string>,
): { cell: UserCell; ended: string[]; alarm: Alarm } {
  const ended: string[] = []
  const alarm: Alarm = { at: 0 }
  const reach: Reach = {
    look: async () => undefined,
    end: async (address) => {
      if (broken.has(address)) throw new Error('out of reach')
      ended.push(address)
      return true
    },
  }
  const storage: UserStorage = {
    save: () => undefined,
    wakeAt: (time) => {
      alarm.at = time
    },
  }
  const listed = new Map<string, ListedSession>()
  for (let index = 0; index < count; index += 1) {
    const id = `s${index}`
    const createdAt = NOW - HOUR
    listed.set(id, {
      id,
      address: `object:${id}`,
      createdAt,
      usedAt: createdAt,
      expiresAt: NOW + HOUR,
    })
  }
  const cell = new UserCell(
    { userId: 'ada', listed, reserved: new Map(), ending: new Map() },
    storage,
    reach,
  )
  return { cell, ended, alarm }
}

function revokeAll(cell: UserCell): Promise<string> {
  return cell.call(JSON.stringify({ method: 'revoke', userId: 'ada', now: NOW, which: {} }))
}

test('sessions that can’t be ended do not keep the others waiting', async () => {
  const broken = new Set(Array.from({ length: 300 }, (_, index) => `object:s${index}`))
  const { cell, ended } = cellWith(400, broken)
  await expect(revokeAll(cell)).rejects.toThrow('out of reach')
  expect(ended).toEqual([])
  await cell.wake(NOW + 5000)
  expect(ended).toHaveLength(100)
})

test('what can’t be ended is tried again after five seconds, then ever later, once an hour at least', async () => {
  const { cell, ended, alarm } = cellWith(1, new Set(['object:s0']))
  await expect(revokeAll(cell)).rejects.toThrow('out of reach')
  const waits: number[] = []
  let now = NOW
  for (let tries = 0; tries < 14; tries += 1) {
    waits.push((alarm.at - now) / 1000)
    now = alarm.at
    await cell.wake(now)
  }
  expect(waits).toEqual([5, 10, 20, 40, 80, 160, 320, 640, 1280, 2560, 3600, 3600, 3600, 3600])
  expect(ended).toEqual([])
})

/** A cell over these rows, whose objects answer as the test has them. */
function cellOver(
  rows: Partial<UserRows>,
  reach: Partial<Reach> = {},
): { cell: UserCell; alarm: Alarm } {
  const alarm: Alarm = { at: 0 }
  const storage: UserStorage = {
    save: () => undefined,
    wakeAt: (time) => {
      alarm.at = time
    },
  }
  const none = { userId: 'ada', listed: new Map(), reserved: new Map(), ending: new Map() }
  const answers: Reach = { look: async () => undefined, end: async () => true, ...reach }
  return { cell: new UserCell({ ...none, ...rows }, storage, answers), alarm }
}

/** A session that signed in an hour ago. */
function sessionOf(id: string, address = `object:${id}`): ListedSession {
  const createdAt = NOW - HOUR
  return { id, address, createdAt, usedAt: createdAt, expiresAt: NOW + HOUR }
}

/** A call of ada's; the parsed answer. */
async function called(cell: UserCell, call: object): Promise<unknown> {
  return JSON.parse(await cell.call(JSON.stringify({ userId: 'ada', now: NOW, ...call })))
}

const again = NOW + 20_000
const ending = new Map([['s0', { address: 'kv:s0', createdAt: NOW - HOUR, againAt: again }]])
const limit = { max: 5, whenFull: 'refuse' }

test.each([
  ['a sign-in', { method: 'add', session: sessionOf('s1'), isSignIn: true }],
  ['a reserved place', { method: 'reserve', id: 's1', limit }],
])('%s leaves the alarm of an ending that is still to be repeated', async (_name, call) => {
  const { cell, alarm } = cellOver({ ending })
  alarm.at = again
  await called(cell, call)
  expect(alarm.at).toBe(again)
  const other = cellOver({})
  await called(other.cell, call)
  expect(other.alarm.at).toBeGreaterThan(NOW)
})

describe('while a list asks the sessions', () => {
  /** A list of two sessions. `meanwhile` runs before they answer. */
  async function listed(
    answer: Look | Gone,
    meanwhile: (cell: UserCell) => Promise<unknown>,
  ): Promise<{ readonly first: readonly string[]; readonly next: readonly string[] }> {
    let open = (): void => undefined
    const opened = new Promise<void>((resolve) => {
      open = resolve
    })
    let given = answer
    const rows = new Map(['s0', 's1'].map((id) => [id, sessionOf(id)]))
    const look = async (): Promise<Look | Gone> => {
      const seen = given
      await opened
      return seen
    }
    const { cell } = cellOver({ listed: rows }, { look })
    const list = async (): Promise<string[]> => {
      const { sessions } = (await called(cell, { method: 'list', after: '' })) as ListPage
      return sessions.map(({ id }) => id)
    }
    const listing = list()
    await meanwhile(cell)
    given = ALIVE
    open()
    return { first: await listing, next: await list() }
  }

  const ALIVE = { ok: true, usedAt: NOW, expiresAt: NOW + HOUR } as const

  test('what is revoked is not on it', async () => {
    const seen = await listed(ALIVE, (cell) =>
      called(cell, { method: 'revoke', which: { kind: 'one', only: 's0' } }),
    )
    expect(seen).toEqual({ first: ['s1'], next: ['s1'] })
  })

  test('what is taken off is not on it', async () => {
    const seen = await listed(ALIVE, (cell) => called(cell, { method: 'remove', id: 's1' }))
    expect(seen).toEqual({ first: ['s0'], next: ['s0'] })
  })

  test('a session that signs in again stays listed, though it was over when it was asked', async () => {
    const seen = await listed({ ok: false, gone: 'ended' }, (cell) =>
      called(cell, { method: 'add', session: sessionOf('s0'), isSignIn: true }),
    )
    expect(seen).toEqual({ first: [], next: ['s0'] })
  })
})
