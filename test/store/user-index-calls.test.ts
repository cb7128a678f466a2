import { expect, test } from 'vitest'

import { objectIndex } from '../../src/store/user-index/object-index.ts'
import { reachThrough } from '../../src/store/user-index/reach.ts'

// What the runtime does to a call is simulated: workerd here resets no object at the right moment.

const NOW = 1_800_000_000_000
const OWNER = {
  cookieName: 'a',
  userId: 'ada',
  now: NOW,
  idle: 1000,
  absolute: 1000,
  notesUse: false,
}

interface Request {
  readonly method: string
  readonly after?: string
}

/** A namespace whose objects answer so, and the requests that they got. */
class Objects {
  readonly requests: Request[] = []
  readonly #answer: (request: Request, count: number) => unknown

  constructor(answer: (request: Request, count: number) => unknown) {
    this.#answer = answer
  }

  idFromName(name: string): string {
    return name
  }

  idFromString(id: string): string {
    return id
  }

  get(): object {
    const call = async (text: string): Promise<string> => {
      const request = JSON.parse(text) as Request
      this.requests.push(request)
      return JSON.stringify(this.#answer(request, this.requests.length))
    }
    return { call }
  }
}

/** Fails at the first call, as when an object was reset. */
function once(reply: unknown): Objects {
  return new Objects((_, count) => {
    if (count > 1) return reply
    throw Object.assign(new Error('reset'), { durableObjectReset: true })
  })
}

test('a list is asked for again after a reset, and a revocation is not', async () => {
  const listed = once({ sessions: [] })
  expect(await objectIndex(() => listed).list(OWNER)).toEqual([])
  const revoked = once({ ids: [], left: 0 })
  await expect(objectIndex(() => revoked).revoke(OWNER, { kind: 'all' })).rejects.toThrow('reset')
  expect(revoked.requests).toHaveLength(1)
})

test('a session’s last use is asked for again after a reset, and its end is not', async () => {
  const asked = { userId: 'ada', now: NOW }
  const objects = once({ ok: true, usedAt: NOW, expiresAt: NOW })
  const reach = reachThrough({ objects })
  expect(await reach.look('object:ab', asked)).toMatchObject({ ok: true, usedAt: NOW })
  const ending = once({ ok: true })
  const other = reachThrough({ ending })
  await expect(other.end('object:ab', 'ada', NOW)).rejects.toThrow('reset')
  expect(ending.requests).toHaveLength(1)
})

test('a list is read page by page, the latest sign-in first', async () => {
  const pages = new Map([
    ['', { sessions: [{ id: 'a', createdAt: 1 }], next: 'a' }],
    ['a', { sessions: [{ id: 'b', createdAt: 2 }] }],
  ])
  const objects = new Objects(({ after = '' }) => pages.get(after))
  const list = await objectIndex(() => objects).list(OWNER)
  expect(list.map(({ id }) => id)).toEqual(['b', 'a'])
})

/** A namespace of KV, which says what is written to it. */
class Kv {
  readonly written: string[] = []
  readonly #text: string | null

  constructor(session?: object) {
    this.#text = session === undefined ? null : JSON.stringify(session)
  }

  async get(): Promise<string | null> {
    return this.#text
  }

  async put(key: string): Promise<void> {
    this.written.push(key)
  }

  async delete(key: string): Promise<void> {
    this.written.push(key)
  }

  async getWithMetadata(): Promise<undefined> {
    return undefined
  }
}

test('a session in KV is ended in its namespace, and never for certain', async () => {
  const times = { createdAt: NOW, expiresAt: NOW + 1000 }
  const [other, own] = [new Kv(), new Kv({ hash: 'x', ...times, entries: {} })]
  expect(await reachThrough({ other, own }).end('kv:session:x', 'ada', NOW)).toBe(false)
  expect([other.written, own.written]).toEqual([[], ['session:x']])
})

test('a session that is in no bound namespace is an error', async () => {
  const reach = reachThrough({})
  await expect(reach.end('kv:session:x', 'ada', NOW)).rejects.toThrow(/^ERR_BINDING.* KV /)
  await expect(reach.end('object:ab', 'ada', NOW)).rejects.toThrow(/^ERR_BINDING.* Durable Object /)
})
