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

async function call(cell: SessionCell, method: string): Promise<unknown> {
  const request = [method, 'secret', NOW, HOUR, HOUR, 0, 0]
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
