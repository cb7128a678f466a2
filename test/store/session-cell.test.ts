import { expect, test } from 'vitest'

import { SessionCell } from '../../src/record/session-cell.ts'

const NOW = 1_800_000_000_000
const HOUR = 3_600_000

interface Saves {
  /** Of each save, if it left a session. */
  readonly states: boolean[]
  readonly cell: SessionCell
}

function newCell(state?: 'corrupt'): Saves {
  const states: boolean[] = []
  const cell = new SessionCell(state, (after) => void states.push(after !== undefined))
  return { states, cell }
}

async function call(
  cell: SessionCell,
  method: string,
  now: number = NOW,
  patch?: object,
): Promise<unknown> {
  const request = [method, 'secret', now, HOUR, HOUR, 0, 0, ...(patch === undefined ? [] : [patch])]
  return JSON.parse(await cell.call(JSON.stringify(request)))
}

async function endByOwner(cell: SessionCell): Promise<unknown> {
  return JSON.parse(await cell.call(JSON.stringify({ method: 'end', userId: 'ada', now: NOW })))
}

test('a damaged session is emptied when its user’s object ends it', async () => {
  const { states, cell } = newCell('corrupt')
  expect(await call(cell, 'read')).toEqual({ ok: false, gone: 'corrupt' })
  expect(await endByOwner(cell)).toEqual({ ok: false, gone: 'ended' })
  expect(states).toEqual([false])
  expect(await call(cell, 'read')).toEqual({ ok: false, gone: 'ended' })
})

test('a cell without a session stores nothing when it is asked to end one', async () => {
  const { states, cell } = newCell()
  await call(cell, 'destroy')
  await call(cell, 'destroy')
  await endByOwner(cell)
  expect(states).toEqual([])
})

test('a session that is joined within a minute may have been used meanwhile', async () => {
  const { cell } = newCell()
  const create = async (at: number): Promise<unknown> =>
    call(cell, 'create', NOW + at, { id: `at ${at}`, onceUntil: NOW + HOUR })
  expect(await create(0)).toMatchObject({ ok: true })
  expect(await call(cell, 'read', NOW + 10_000)).toMatchObject({ ok: true, usedAt: NOW + 10_000 })
  expect(await create(59_999)).toMatchObject({ ok: true, createdAt: NOW })
  expect(await create(60_000)).toEqual({ ok: false, gone: 'ended' })
})

test('a read is answered when its use cannot be recorded, and only then', async () => {
  let isFull = false
  const cell = new SessionCell(undefined, () => {
    if (isFull) throw new Error('the storage is full')
    return undefined
  })
  await call(cell, 'create', NOW, { id: 'a', set: [['=a', '1']] })
  isFull = true
  const reply = await call(cell, 'read', NOW + 1000)
  expect(reply).toMatchObject({ ok: true, usedAt: NOW, entries: { '=a': '1' } })
  const write = call(cell, 'write', NOW + 1000, { id: 'b', set: [['=a', '2']] })
  await expect(write).rejects.toThrow('the storage is full')
  isFull = false
  expect(await call(cell, 'read', NOW + 1000)).toMatchObject({ ok: true, usedAt: NOW + 1000 })
})

test('a sweep too early leaves the session, and says when it is over', async () => {
  const { cell, states } = newCell()
  await call(cell, 'create', NOW, { id: 'a' })
  expect(await cell.sweep(NOW + HOUR - 1)).toBe(NOW + HOUR)
  expect(states).toEqual([true])
  expect(await cell.sweep(NOW + HOUR)).toBeUndefined()
  expect(states).toEqual([true, false])
})

test('a sweep leaves the tombstone of what was once, and says until when', async () => {
  const { cell } = newCell()
  const patch = { id: 'a', onceUntil: NOW + 2 * HOUR }
  await call(cell, 'create', NOW, patch)
  expect(await cell.sweep(NOW + HOUR)).toBe(NOW + 2 * HOUR)
  expect(await call(cell, 'create', NOW + HOUR, patch)).toEqual({ ok: false, gone: 'ended' })
  expect(await cell.sweep(NOW + 2 * HOUR)).toBeUndefined()
})
