import { expect, test } from 'vitest'

import type { Reach } from '../../src/store/user-index/reach.ts'
import { UserCell } from '../../src/store/user-index/user-cell.ts'
import type { ListedSession } from '../../src/store/user-index/user-list.ts'
import type { UserStorage } from '../../src/store/user-index/user-rows.ts'

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
