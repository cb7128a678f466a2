import { runDurableObjectAlarm, runInDurableObject } from 'cloudflare:test'
import { env } from 'cloudflare:workers'
import { afterEach, describe, expect, test, vi } from 'vitest'

import { betterAuthStorage } from '../../src/adapter/better-auth.ts'
import { type ItemObjectNamespace, objectDriver } from '../../src/adapter/unstorage.ts'

const namespace = () => env.ITEMS
const WEEK = 7 * 86_400
/** More callers at once than any application has for one key. */
const MANY = Array.from({ length: 50 }, (_, index) => index)

/** A storage with a place of its own. */
function newStorage() {
  const base = crypto.randomUUID()
  const storage = betterAuthStorage({ namespace, base })
  const objectOf = (key: string) =>
    env.ITEMS.get(env.ITEMS.idFromName(JSON.stringify(['better-auth', base, key])))
  return { storage, base, objectOf }
}

/** A token as better-auth makes it. */
function newToken(): string {
  return crypto.randomUUID().replaceAll('-', '')
}

/** A session as better-auth writes it. */
function sessionText(token: string, userId: string, name = 'Ada'): string {
  return JSON.stringify({ session: { token, userId }, user: { id: userId, name } })
}

/** A list as better-auth writes it. */
function listText(...tokens: (readonly [token: string, seconds: number])[]): string {
  const now = Date.now()
  return JSON.stringify(
    tokens.map(([token, seconds]) => ({ token, expiresAt: now + seconds * 1000 })),
  )
}

/** The tokens of a list, in its order. */
function tokensOf(text: string | null): string[] {
  return (JSON.parse(text ?? '[]') as { token: string }[]).map(({ token }) => token)
}

/** How many rows an object holds, its alarm among them. */
async function rowsOf(stub: ReturnType<typeof env.ITEMS.get>): Promise<number> {
  return runInDurableObject(stub, async (_, { storage }) => {
    const hasAlarm = (await storage.getAlarm()) !== null
    return Array.from(storage.kv.list()).length + Number(hasAlarm)
  })
}

afterEach(() => {
  vi.useRealTimers()
})

/** Moves the clock of the objects, too: they run in the tests' isolate. */
function pass(seconds: number): void {
  vi.useFakeTimers({ toFake: ['Date'], now: Date.now() + seconds * 1000 })
}

describe('a key', () => {
  test('is null before it is set and after it is deleted, and leaves nothing behind', async () => {
    const { storage, objectOf } = newStorage()
    expect(await storage.get('verification:a')).toBe(null)
    await storage.delete('verification:a')
    expect(await storage.getAndDelete('verification:a')).toBe(null)
    expect(await rowsOf(objectOf('verification:a'))).toBe(0)
    await storage.set('verification:a', '{"value":"ä"}', 60)
    expect(await storage.get('verification:a')).toBe('{"value":"ä"}')
    await storage.delete('verification:a')
    expect(await storage.get('verification:a')).toBe(null)
    expect(await rowsOf(objectOf('verification:a'))).toBe(0)
    await storage.set('verification:a', 'again')
    expect(await storage.get('verification:a')).toBe('again')
  })

  test('is apart from those of another base and of another adapter', async () => {
    const { storage, base } = newStorage()
    await storage.set('a', 'one', 60)
    expect(await newStorage().storage.get('a')).toBe(null)
    expect(await objectDriver({ namespace, base }).getItem('a')).toBe(null)
    expect(await betterAuthStorage({ base }).get('a')).toBe('one')
  })

  test('may be of any length: a rate limit has the path of the request in it', async () => {
    const { storage } = newStorage()
    const path = `203.0.113.1|/${'long/'.repeat(3000)}`
    expect(await storage.increment(path, 60)).toBe(1)
    expect(await storage.increment(path, 60)).toBe(2)
    expect(await storage.increment(`${path}x`, 60)).toBe(1)
    expect(await storage.increment('\ud800', 60)).toBe(1)
    expect(await storage.increment('\ud801', 60)).toBe(1)
  })

  test('with a time to live is over then, and its object empties itself; without one it is not', async () => {
    const { storage, objectOf } = newStorage()
    await storage.set('verification:a', 'one', 60)
    await storage.set('verification:b', 'two')
    pass(59)
    expect(await storage.get('verification:a')).toBe('one')
    pass(1)
    expect(await storage.get('verification:a')).toBe(null)
    expect(await storage.getAndDelete('verification:a')).toBe(null)
    await runDurableObjectAlarm(objectOf('verification:a'))
    expect(await rowsOf(objectOf('verification:a'))).toBe(0)
    pass(10 * 365 * 86_400)
    expect(await storage.get('verification:b')).toBe('two')
    expect(await rowsOf(objectOf('verification:b'))).toBe(1)
  })

  test.for([0, -0.5, -1, -Infinity])('is gone after a set with a ttl of %d', async (ttl) => {
    const { storage, objectOf } = newStorage()
    await storage.set('verification:a', 'one', 60)
    await storage.set('verification:a', 'two', ttl)
    await storage.set('verification:b', 'two', ttl)
    expect(await storage.get('verification:a')).toBe(null)
    expect(await storage.get('verification:b')).toBe(null)
    expect(await rowsOf(objectOf('verification:a'))).toBe(0)
    expect(await rowsOf(objectOf('verification:b'))).toBe(0)
    await expect(storage.increment('a', ttl)).rejects.toMatchObject({ code: 'ERR_VALUE' })
  })

  test('is not set for good with a ttl that is no number', async () => {
    const { storage } = newStorage()
    const refusal = { code: 'ERR_VALUE' }
    await expect(storage.set('a', 'one', Number.NaN)).rejects.toMatchObject(refusal)
    await expect(storage.increment('a', Number.NaN)).rejects.toMatchObject(refusal)
    await expect(storage.set('active-sessions-a', '[]', Number.NaN)).rejects.toMatchObject(refusal)
    expect(await storage.get('a')).toBe(null)
  })
})

describe('getAndDelete', () => {
  test.for(['verification:reset', newToken()])('gives %s to exactly one of 50', async (key) => {
    const { storage } = newStorage()
    await storage.set(key, 'once', 60)
    const taken = await Promise.all(MANY.map(() => storage.getAndDelete(key)))
    expect(taken.filter((value) => value === 'once')).toHaveLength(1)
    expect(taken.filter((value) => value === null)).toHaveLength(49)
    expect(await storage.get(key)).toBe(null)
  })

  test('gives what was set after it to the next', async () => {
    const { storage } = newStorage()
    for (const value of ['one', 'two']) {
      // oxlint-disable-next-line no-await-in-loop
      await storage.set('verification:code', value, 60)
      // oxlint-disable-next-line no-await-in-loop
      expect(await storage.getAndDelete('verification:code')).toBe(value)
    }
  })
})

describe('increment', () => {
  test('counts 50 of 50, each number once', async () => {
    const { storage } = newStorage()
    const counts = await Promise.all(MANY.map(() => storage.increment('203.0.113.1|/a', 60)))
    expect(counts.toSorted((one, other) => one - other)).toEqual(MANY.map((index) => index + 1))
    expect(await storage.get('203.0.113.1|/a')).toBe('50')
  })

  test('begins again when the time of its first call is over, however often it was called', async () => {
    const { storage, objectOf } = newStorage()
    expect(await storage.increment('a', 60)).toBe(1)
    pass(40)
    expect(await storage.increment('a', 60)).toBe(2)
    pass(19)
    expect(await storage.increment('a', 600)).toBe(3)
    pass(1)
    expect(await storage.get('a')).toBe(null)
    expect(await storage.increment('a', 60)).toBe(1)
    await runDurableObjectAlarm(objectOf('a'))
    expect(await storage.increment('a', 60)).toBe(2)
    pass(60)
    await runDurableObjectAlarm(objectOf('a'))
    expect(await rowsOf(objectOf('a'))).toBe(0)
  })

  test('continues a count that was set, and refuses anything else', async () => {
    const { storage } = newStorage()
    await storage.set('a', '7', 60)
    expect(await storage.increment('a', 60)).toBe(8)
    await storage.set('b', '{"count":7}', 60)
    await expect(storage.increment('b', 60)).rejects.toMatchObject({ code: 'ERR_VALUE' })
    expect(await storage.get('b')).toBe('{"count":7}')
  })
})

describe('a session that was deleted', () => {
  test.for(['delete', 'getAndDelete'] as const)(
    'by %s is not written back until it would have expired',
    async (method) => {
      const { storage, objectOf } = newStorage()
      const token = newToken()
      await storage.set(token, sessionText(token, 'ada'), 60)
      await storage[method](token)
      pass(59)
      await storage.set(token, sessionText(token, 'ada', 'Ada L.'), WEEK)
      await storage.delete(token)
      await storage.set(token, sessionText(token, 'ada', 'Ada L.'))
      expect(await storage.get(token)).toBe(null)
      expect(await storage.getAndDelete(token)).toBe(null)
      const row = await runInDurableObject(objectOf(token), (_, own) => own.storage.kv.get('$'))
      expect(row).toMatchObject({ value: '' })
      pass(1)
      await storage.set(token, sessionText(token, 'ada'), 60)
      expect(await storage.get(token)).toBe(sessionText(token, 'ada'))
    },
  )

  test('leaves nothing behind after that', async () => {
    const { storage, objectOf } = newStorage()
    const token = newToken()
    await storage.set(token, sessionText(token, 'ada'), 60)
    await storage.delete(token)
    expect(await rowsOf(objectOf(token))).toBe(2)
    pass(60)
    await runDurableObjectAlarm(objectOf(token))
    await runDurableObjectAlarm(objectOf('active-sessions-ada'))
    expect(await rowsOf(objectOf(token))).toBe(0)
    expect(await rowsOf(objectOf('active-sessions-ada'))).toBe(0)
  })

  test('stays deleted in every order of overlapping calls', async () => {
    const { storage } = newStorage()
    for (let round = 0; round < 5; round += 1) {
      const token = newToken()
      const text = sessionText(token, 'ada')
      // oxlint-disable-next-line no-await-in-loop
      await storage.set(token, text, 60)
      const writes = MANY.slice(0, 10).map(() => storage.set(token, text, 60))
      // oxlint-disable-next-line no-await-in-loop
      await Promise.all([...writes, storage.delete(token), storage.set(token, text, 60)])
      // oxlint-disable-next-line no-await-in-loop
      expect(await storage.get(token)).toBe(null)
    }
  })

  test('is known by its key if its value is of another form, and by its value if its key is', async () => {
    const { storage } = newStorage()
    for (const [key, value] of [
      [newToken(), 'no JSON'],
      [newToken(), '{"session":null}'],
      [newToken(), 'null'],
      ['a-token-of-its-own', sessionText('a-token-of-its-own', 'ada')],
    ] as const) {
      // oxlint-disable-next-line no-await-in-loop
      await storage.set(key, value, 60)
      // oxlint-disable-next-line no-await-in-loop
      expect(await storage.get(key)).toBe(value)
      // oxlint-disable-next-line no-await-in-loop
      await storage.delete(key)
      // oxlint-disable-next-line no-await-in-loop
      await storage.set(key, value, 60)
      // oxlint-disable-next-line no-await-in-loop
      expect(await storage.get(key)).toBe(null)
    }
  })

  test('and that was never set leaves no tombstone: nobody fills objects with made-up tokens', async () => {
    const { storage, objectOf } = newStorage()
    const token = newToken()
    await storage.delete(token)
    expect(await rowsOf(objectOf(token))).toBe(0)
    await storage.set(token, sessionText(token, 'ada'), 60)
    expect(await storage.get(token)).not.toBe(null)
  })
})

describe('a user’s list', () => {
  const LIST = 'active-sessions-ada'

  test('has all of 50 that were written at once, each from a list without the others', async () => {
    const { storage } = newStorage()
    await storage.set(LIST, listText(['first', 60]), 60)
    await Promise.all(
      MANY.map((index) =>
        storage.set(LIST, listText(['first', 60], [`t${index}`, 120 + index]), WEEK),
      ),
    )
    const tokens = tokensOf(await storage.get(LIST))
    expect(tokens).toEqual(['first', ...MANY.map((index) => `t${index}`)])
  })

  test('has each token once, with its latest expiry, by expiry, and none that has expired', async () => {
    const { storage, objectOf } = newStorage()
    await storage.set(LIST, listText(['a', 300], ['b', 60], ['c', -1]), 300)
    await storage.set(LIST, listText(['a', 30], ['b', 30]), 30)
    expect(tokensOf(await storage.get(LIST))).toEqual(['b', 'a'])
    pass(60)
    expect(tokensOf(await storage.get(LIST))).toEqual(['a'])
    pass(240)
    expect(await storage.get(LIST)).toBe(null)
    await runDurableObjectAlarm(objectOf(LIST))
    expect(await rowsOf(objectOf(LIST))).toBe(0)
  })

  test('loses a session that is deleted, and does not get it back by a list that was read before', async () => {
    const { storage, objectOf } = newStorage()
    const [gone, stays] = [newToken(), newToken()]
    // As at a sign-in: the list first.
    await storage.set(LIST, listText([gone, 60], [stays, 120]), 120)
    await storage.set(gone, sessionText(gone, 'ada'), 60)
    await storage.set(stays, sessionText(stays, 'ada'), 120)
    const late = (await storage.get(LIST)) ?? ''
    await storage.delete(gone)
    expect(tokensOf(await storage.get(LIST))).toEqual([stays])
    await storage.set(LIST, late, 120)
    await storage.set(LIST, listText([gone, WEEK]), WEEK)
    expect(tokensOf(await storage.get(LIST))).toEqual([stays])
    await storage.delete(stays)
    expect(await storage.get(LIST)).toBe(null)
    pass(120)
    await runDurableObjectAlarm(objectOf(LIST))
    expect(await rowsOf(objectOf(LIST))).toBe(0)
  })

  test('keeps those whose session was not deleted when it is written without them, or deleted', async () => {
    const { storage } = newStorage()
    const token = newToken()
    await storage.set(LIST, listText([token, 60], ['b', 60]), 60)
    await storage.set(token, sessionText(token, 'ada'), 60)
    // As at a sign-out: the list first.
    await storage.set(LIST, listText(['b', 60]), 60)
    expect(tokensOf(await storage.get(LIST))).toEqual([token, 'b'])
    await storage.delete(token)
    await storage.delete(LIST)
    expect(tokensOf(await storage.get(LIST))).toEqual(['b'])
    expect(tokensOf(await storage.getAndDelete(LIST))).toEqual(['b'])
    expect(tokensOf(await storage.get(LIST))).toEqual(['b'])
  })

  test('remembers deleted sessions for as long as it had listed them, whatever their own time', async () => {
    const { storage } = newStorage()
    const token = newToken()
    await storage.set(token, sessionText(token, 'ada'), 30)
    await storage.set(LIST, listText([token, 60]), 60)
    await storage.delete(token)
    pass(59)
    await storage.set(LIST, listText([token, 60]), 60)
    expect(await storage.get(LIST)).toBe(null)
  })

  test('writes no row if nothing in it changes, as at a sign-out before the session is deleted', async () => {
    const { storage, objectOf } = newStorage()
    const text = listText(['a', 60], ['b', 60])
    await storage.set(LIST, text, 60)
    const rowOf = async (): Promise<unknown> =>
      runInDurableObject(objectOf(LIST), (_, own) => own.storage.kv.get('$'))
    const before = await rowOf()
    pass(1)
    await storage.set(LIST, JSON.stringify((JSON.parse(text) as object[]).slice(1)), 60)
    await storage.delete(LIST)
    expect(await rowOf()).toEqual(before)
  })

  test('that is empty or absent costs no rows, and is null', async () => {
    const { storage, objectOf } = newStorage()
    await storage.set(LIST, '[]', 60)
    await storage.delete(LIST)
    expect(await storage.get(LIST)).toBe(null)
    expect(await rowsOf(objectOf(LIST))).toBe(0)
    await storage.set(LIST, listText(['a', 60]), 60)
    pass(60)
    await storage.delete(LIST)
    expect(await rowsOf(objectOf(LIST))).toBe(0)
  })

  test.for([
    '{}',
    'null',
    'none',
    '[1]',
    '[null]',
    '[{"token":"a"}]',
    '[{"token":1,"expiresAt":1}]',
  ])('of another form is refused: %s', async (text) => {
    const { storage } = newStorage()
    await storage.set(LIST, listText(['a', 60]), 60)
    await expect(storage.set(LIST, text, 60)).rejects.toMatchObject({ code: 'ERR_VALUE' })
    expect(tokensOf(await storage.get(LIST))).toEqual(['a'])
  })
})

describe('failures', () => {
  test('a value has 1,900,000 bytes at most', async () => {
    const { storage } = newStorage()
    const outcome = storage.set('a', 'x'.repeat(1_900_001), 60)
    await expect(outcome).rejects.toMatchObject({ code: 'ERR_TOO_LARGE' })
  })

  test('an object that fails is ERR_STORE with its cause, and only a read is tried again', async () => {
    const calls: string[] = []
    const reset = Object.assign(new Error('reset'), { retryable: true })
    const failing = (name: string) => (): Promise<never> => {
      calls.push(name)
      return Promise.reject(reset)
    }
    const broken: ItemObjectNamespace = {
      idFromName: (name) => env.ITEMS.idFromName(name),
      get: () => ({
        getItem: failing('get'),
        setItem: failing('set'),
        takeItem: failing('take'),
        incrementItem: failing('increment'),
        listSessions: failing('list'),
        changeSessions: failing('change'),
      }),
    }
    const {
      get,
      set,
      delete: remove,
      getAndDelete,
      increment,
    } = betterAuthStorage({
      namespace: broken,
    })
    const list = 'active-sessions-ada'
    for (const call of [
      () => get('a'),
      () => get(list),
      () => set('a', 'one', 60),
      () => set(list, '[]', 60),
      () => remove('a'),
      () => remove(list),
      () => getAndDelete('a'),
      () => increment('a', 60),
    ]) {
      // oxlint-disable-next-line no-await-in-loop
      await expect(call()).rejects.toMatchObject({ code: 'ERR_STORE', cause: reset })
    }
    const expected = ['get', 'get', 'list', 'list', 'set', 'change', 'take', 'change', 'take']
    expect(calls).toEqual([...expected, 'increment'])
  })

  test('a deletion that was cut short before the list is completed by the next', async () => {
    const { storage, objectOf } = newStorage()
    const token = newToken()
    await storage.set('active-sessions-ada', listText([token, 60]), 60)
    await storage.set(token, sessionText(token, 'ada'), 60)
    // As takeItem leaves it before it has reached the list.
    await runInDurableObject(objectOf(token), (_, own) => {
      const row = own.storage.kv.get<object>('$')
      own.storage.kv.put('$', { ...row, value: '', isDeleted: true })
    })
    expect(await storage.get(token)).toBe(null)
    expect(tokensOf(await storage.get('active-sessions-ada'))).toEqual([token])
    await storage.delete(token)
    expect(await storage.get('active-sessions-ada')).toBe(null)
  })
})
