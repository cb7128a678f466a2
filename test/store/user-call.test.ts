import { expect, test } from 'vitest'

import type { Reach } from '../../src/store/user-index/reach.ts'
import { parseCall } from '../../src/store/user-index/user-call.ts'
import { UserCell } from '../../src/store/user-index/user-cell.ts'
import type { ListedSession } from '../../src/store/user-index/user-list.ts'

const NOW = 1_800_000_000_000
const HOUR = 3_600_000
const ASKED = { userId: 'ada', now: NOW, idle: HOUR, absolute: 12 * HOUR }

function sessionOf(id: string): ListedSession {
  const times = { createdAt: NOW - HOUR, usedAt: NOW - HOUR, expiresAt: NOW + HOUR }
  return { id, address: `object:${id}`, ...times }
}

/** A cell with the sessions a, b and c, which it reaches without an object; and what it has ended. */
function newCell(look: Reach['look'] = async () => undefined): {
  readonly cell: UserCell
  readonly ended: string[]
} {
  const ended: string[] = []
  const listed = new Map(['a', 'b', 'c'].map((id) => [id, sessionOf(id)] as const))
  const cell = new UserCell(
    { userId: 'ada', listed, reserved: new Map(), ending: new Map() },
    { save: () => undefined, wakeAt: () => undefined },
    {
      look,
      end: async (address) => {
        ended.push(address.slice('object:'.length))
        return true
      },
    },
  )
  return { cell, ended }
}

test.each([
  [{ kind: 'one', only: 'b' }, ['b']],
  [{ kind: 'one', only: 'd' }, []],
  [{ kind: 'one', only: '' }, []],
  [{ kind: 'others', except: 'b' }, ['a', 'c']],
  [{ kind: 'all' }, ['a', 'b', 'c']],
  // Callers of the previous version send no kind.
  [{ only: 'b' }, ['b']],
  [{ except: 'b' }, ['a', 'c']],
  [{}, ['a', 'b', 'c']],
])('a revocation of %j ends %j', async (which, ids) => {
  const { cell, ended } = newCell()
  await cell.call(JSON.stringify({ ...ASKED, method: 'revoke', which }))
  expect(ended).toEqual(ids)
})

test.each([
  [{ kind: 'one', only: undefined }],
  [{ kind: 'one', only: null }],
  [{ kind: 'one', only: 7 }],
  [{ kind: 'one', only: ['a'] }],
  [{ kind: 'one', only: 'a', except: 'b' }],
  [{ kind: 'one', except: 'b' }],
  [{ kind: 'others', except: undefined }],
  [{ kind: 'others', except: Number.NaN }],
  [{ kind: 'others', only: 'a' }],
  [{ kind: 'all', only: 'a' }],
  [{ kind: 'all', except: null }],
  [{ kind: 'some' }],
  [{ kind: null }],
  [{ only: null }],
  [{ except: 7 }],
  [undefined],
  [null],
  ['all'],
  [[]],
])('a revocation of %j ends none', async (which) => {
  const { cell, ended } = newCell()
  const call = JSON.stringify({ ...ASKED, method: 'revoke', which })
  await expect(cell.call(call)).rejects.toThrow(
    /^UserObject does not support this call: revoke\. Nothing was done\.$/,
  )
  expect(ended).toEqual([])
})

const SESSION = sessionOf('a')
const REFUSE = { max: 2, whenFull: 'refuse' }

test.each([
  { method: 'add', session: SESSION },
  { method: 'add', session: SESSION, limit: REFUSE, isSignIn: true, reservation: 'b' },
  { method: 'reserve', id: 'a', limit: REFUSE },
  { method: 'release', id: 'a' },
  { method: 'use', id: 'a' },
  { method: 'remove', id: 'a' },
  { method: 'list', after: '' },
  { method: 'revoke', which: { kind: 'all' } },
  { method: 'goOn' },
])('an object knows %j', (call) => {
  expect(parseCall(JSON.stringify({ ...ASKED, ...call }))).toEqual({ ...ASKED, ...call })
  const { userId, now } = ASKED
  expect(parseCall(JSON.stringify({ userId, now, ...call }))).toEqual({ userId, now, ...call })
})

test.each([
  { method: 'goOn', now: Number.NaN },
  { method: 'goOn', now: undefined },
  { method: 'goOn', userId: undefined },
  { method: 'goOn', userId: 7 },
  { method: 'list', after: '', idle: Infinity },
  { method: 'list', after: '', absolute: Number.NaN },
  { method: 'list' },
  { method: undefined },
  { method: 'signOut' },
  { method: 'constructor' },
  { method: 'remove' },
  { method: 'remove', id: null },
  { method: 'use', id: undefined },
  { method: 'release', id: 7 },
  { method: 'reserve', id: 'a' },
  { method: 'reserve', id: 'a', limit: { ...REFUSE, max: Infinity } },
  { method: 'reserve', limit: REFUSE },
  { method: 'add' },
  { method: 'add', session: { ...SESSION, id: undefined } },
  { method: 'add', session: { ...SESSION, address: null } },
  { method: 'add', session: { ...SESSION, usedAt: Number.NaN } },
  { method: 'add', session: { ...SESSION, expiresAt: Infinity } },
  { method: 'add', session: SESSION, limit: { max: Number.NaN, whenFull: 'refuse' } },
  { method: 'add', session: SESSION, limit: { max: 1, whenFull: 'end-newest' } },
  { method: 'add', session: SESSION, limit: null },
  { method: 'add', session: SESSION, reservation: 7 },
])('an object refuses %o as JSON sends it', (call) => {
  expect(() => parseCall(JSON.stringify({ ...ASKED, ...call }))).toThrow(TypeError)
})

test('a sign-in that comes while the list asks for the former session of that id stays on the list', async () => {
  const { promise, resolve } = Promise.withResolvers<undefined>()
  const isLate = { a: true }
  const { cell } = newCell(async (address) => {
    if (address !== 'object:a' || !isLate.a) return { ok: true, usedAt: NOW, expiresAt: NOW + HOUR }
    await promise
    return { ok: false, gone: 'ended' }
  })
  const list = (): Promise<string> =>
    cell.call(JSON.stringify({ ...ASKED, method: 'list', after: '' }))
  const listing = list()
  const again = { ...SESSION, createdAt: NOW }
  await cell.call(JSON.stringify({ ...ASKED, method: 'add', session: again, isSignIn: true }))
  resolve(undefined)
  await listing
  isLate.a = false
  expect(JSON.parse(await list())).toMatchObject({
    sessions: [{ id: 'a' }, { id: 'b' }, { id: 'c' }],
  })
})
