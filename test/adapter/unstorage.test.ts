import { runDurableObjectAlarm, runInDurableObject } from 'cloudflare:test'
import { env } from 'cloudflare:workers'
import { createStorage } from 'unstorage'
import memoryDriver from 'unstorage/drivers/memory'
import { afterEach, describe, expect, test, vi } from 'vitest'

import { type ItemObjectNamespace, objectDriver } from '../../src/adapter/unstorage.ts'
import { driverSuite } from '../support/driver-suite.ts'
import { IS_THOROUGH } from '../support/thorough.ts'

const namespace = () => env.ITEMS

/** A driver with a place of its own. */
function newDriver(options: Parameters<typeof objectDriver>[0] = {}) {
  const base = crypto.randomUUID()
  const driver = objectDriver({ namespace, base, ...options })
  const stubOf = (kind: string, ...key: string[]) =>
    env.ITEMS.get(env.ITEMS.idFromName(JSON.stringify([kind, base, ...key])))
  return { driver, base, itemOf: (key: string) => stubOf('item', key), list: () => stubOf('keys') }
}

/** How many rows an object holds, its alarm among them. */
async function rowsOf(stub: ReturnType<typeof env.ITEMS.get>): Promise<number> {
  return runInDurableObject(stub, async (_, { storage }) => {
    const hasAlarm = (await storage.getAlarm()) !== null
    return Array.from(storage.kv.list()).length + Number(hasAlarm)
  })
}

describe('unstorage’s own memory driver passes the suite:', () => {
  driverSuite(memoryDriver())
})

describe('objectDriver passes it on real objects:', () => {
  driverSuite(newDriver({ listKeys: true }).driver)
})

describe.runIf(IS_THOROUGH)(
  'objectDriver passes it without a binding, on the exported class:',
  () => {
    driverSuite(objectDriver({ base: crypto.randomUUID(), listKeys: true }))
  },
)

describe('each key is an object of its own', () => {
  test('that another driver of the same base reads at once, and one of another base never', async () => {
    const { driver, base } = newDriver()
    await driver.setItem('a', 'one')
    expect(await objectDriver({ namespace, base }).getItem('a')).toBe('one')
    expect(await newDriver().driver.getItem('a')).toBe(null)
    expect(await objectDriver({ namespace }).getItem(`${base}:a`)).toBe(null)
  })

  test('a read of an absent key, and its removal, leave nothing behind', async () => {
    const { driver, itemOf } = newDriver()
    expect(await driver.getItem('absent')).toBe(null)
    expect(await driver.getMeta('absent')).toBe(null)
    await driver.removeItem('absent')
    expect(await rowsOf(itemOf('absent'))).toBe(0)
  })

  test('one that is removed leaves nothing behind, nor does the last on the list', async () => {
    const { driver, itemOf, list } = newDriver({ listKeys: true, ttl: 60 })
    await driver.setItem('a', 'one')
    await driver.setItem('b', 'two')
    expect([await rowsOf(itemOf('a')), await rowsOf(list())]).toEqual([2, 2])
    await driver.removeItem('a')
    expect([await rowsOf(itemOf('a')), await rowsOf(list())]).toEqual([0, 1])
    await driver.removeItem('b')
    expect([await rowsOf(itemOf('b')), await rowsOf(list())]).toEqual([0, 0])
  })

  test('overlapping changes of one key come one after the other, and the list with them', async () => {
    const { driver } = newDriver({ listKeys: true })
    for (let round = 0; round < 5; round += 1) {
      await Promise.all([
        driver.setItem('a', 'one'),
        driver.removeItem('a'),
        driver.setItem('a', 'two'),
        driver.removeItem('a'),
        driver.setItem('a', 'three'),
      ])
      expect([await driver.getItem('a'), await driver.getKeys()]).toEqual(['three', ['a']])
    }
  })
})

describe('a value with a time to live', () => {
  afterEach(() => {
    vi.useRealTimers()
  })

  /** Moves the clock of the objects, too: they run in the tests' isolate. */
  function pass(seconds: number): void {
    vi.useFakeTimers({ toFake: ['Date'], now: Date.now() + seconds * 1000 })
  }

  test('is given until then and never after, and its object empties itself', async () => {
    const { driver, itemOf, list } = newDriver({ listKeys: true })
    const storage = createStorage({ driver })
    await storage.setItem('a', { visits: 1 }, { ttl: 60 })
    expect(await storage.getItem('a')).toEqual({ visits: 1 })
    pass(60)
    expect(await storage.getItem('a')).toBe(null)
    expect(await storage.getItemRaw('a')).toBe(null)
    expect(await storage.hasItem('a')).toBe(false)
    expect(await driver.getMeta('a')).toBe(null)
    await runDurableObjectAlarm(itemOf('a'))
    await expect.poll(() => rowsOf(itemOf('a'))).toBe(0)
    expect([await rowsOf(list()), await storage.getKeys()]).toEqual([0, []])
  })

  test('lives longer when it is set again, and for good when it is set without', async () => {
    const { driver, itemOf } = newDriver()
    await driver.setItem('a', 'one', { ttl: 60 })
    await driver.setItem('a', 'two', { ttl: 120 })
    await driver.setItem('b', 'one', { ttl: 60 })
    await driver.setItem('b', 'two')
    pass(90)
    await runDurableObjectAlarm(itemOf('a'))
    await runDurableObjectAlarm(itemOf('b'))
    expect([await driver.getItem('a'), await driver.getItem('b')]).toEqual(['two', 'two'])
    expect([await rowsOf(itemOf('a')), await rowsOf(itemOf('b'))]).toEqual([2, 1])
  })

  test('has the driver’s own where the call says none', async () => {
    // The clock stands still.
    pass(0)
    const { driver } = newDriver({ ttl: 100 })
    await driver.setItem('a', 'one')
    await driver.setItem('b', 'one', { ttl: 10 })
    const ttlOf = async (key: string): Promise<number> => (await driver.getMeta(key))?.ttl ?? 0
    expect([await ttlOf('a'), await ttlOf('b')]).toEqual([100, 10])
  })

  test.for([-1, Number.NaN])(
    'is refused where its time is %d, and not kept for good',
    async (ttl) => {
      const { driver } = newDriver({ ttl: 60 })
      const outcome: unknown = await driver.setItem('a', 'one', { ttl }).catch((error) => error)
      expect(outcome).toMatchObject({ code: 'ERR_VALUE' })
      expect(await driver.getItem('a')).toBe(null)
    },
  )

  test.for([Infinity, 1e12])('has no end where its time is %d', async (ttl) => {
    const { driver } = newDriver({ ttl: 60 })
    await driver.setItem('a', 'one', { ttl })
    expect(await driver.getItem('a')).toBe('one')
    expect(await driver.getMeta('a')).not.toHaveProperty('ttl')
  })

  test('sets no alarm anew while an earlier one is to come', async () => {
    const { driver, itemOf } = newDriver({ ttl: 60 })
    const alarmOf = (): Promise<number | null> =>
      runInDurableObject(itemOf('a'), (_, { storage }) => storage.getAlarm())
    await driver.setItem('a', 'one')
    const alarm = await alarmOf()
    await scheduler.wait(5)
    await driver.setItem('a', 'two')
    expect(await alarmOf()).toBe(alarm)
    await driver.setItem('a', 'three', { ttl: 30 })
    expect(await alarmOf()).toBeLessThan(alarm ?? 0)
  })
})

describe('what is left of a change that was cut short', () => {
  test('is finished by the alarm: no list keeps the key of a value that was removed', async () => {
    const { driver, itemOf, list } = newDriver({ listKeys: true })
    await driver.setItem('a', 'one')
    // As removeItem leaves it before it has reached the list.
    await runInDurableObject(itemOf('a'), (_, { storage }) => {
      const row = storage.kv.get<object>('$')
      const now = Date.now()
      storage.kv.put('$', { ...row, value: '', expiresAt: now, alarmAt: now + 60_000 })
      return storage.setAlarm(now + 60_000)
    })
    expect(await driver.getItem('a')).toBe(null)
    expect(await driver.getKeys()).toEqual(['a'])
    await runDurableObjectAlarm(itemOf('a'))
    expect(await driver.getKeys()).toEqual([])
    expect([await rowsOf(itemOf('a')), await rowsOf(list())]).toEqual([0, 0])
  })
})

test('a key on the list whose value never came is taken off by removeItem and clear', async () => {
  const { driver, list } = newDriver({ listKeys: true })
  // As setItem leaves it when it is cut short.
  await runInDurableObject(list(), (_, { storage }) => {
    storage.kv.put('=ghost', 1)
    storage.kv.put('=phantom', 1)
  })
  await driver.removeItem('ghost')
  expect(await driver.getKeys()).toEqual(['phantom'])
  await driver.clear()
  expect([await driver.getKeys(), await rowsOf(list())]).toEqual([[], 0])
})

test('a value set while its former one is on its way off the list is on it', async () => {
  const { driver, itemOf, list } = newDriver({ listKeys: true })
  await driver.setItem('a', 'one')
  // As removeItem leaves both when it is cut short at its very end.
  await runInDurableObject(itemOf('a'), (_, { storage }) => {
    const row = storage.kv.get<object>('$')
    storage.kv.put('$', { ...row, value: '', expiresAt: Date.now() })
  })
  await runInDurableObject(list(), (_, { storage }) => storage.kv.delete('=a'))
  await driver.setItem('a', 'two')
  expect([await driver.getItem('a'), await driver.getKeys()]).toEqual(['two', ['a']])
})

describe('raw values', () => {
  test('are text or bytes, whichever came in, and bytes are read as text where text is asked for', async () => {
    const { driver } = newDriver()
    await driver.setItemRaw('text', 'plain')
    await driver.setItemRaw('buffer', new TextEncoder().encode('bytes').buffer)
    await driver.setItemRaw('part', new Uint16Array([1, 0x4141, 2]).subarray(1, 2))
    expect(await driver.getItemRaw('text')).toBe('plain')
    expect(await driver.getItemRaw('buffer')).toEqual(new TextEncoder().encode('bytes'))
    expect(await driver.getItem('buffer')).toBe('bytes')
    expect(await driver.getItem('part')).toBe('AA')
    await expect(driver.setItemRaw('object', { a: 1 })).rejects.toMatchObject({ code: 'ERR_VALUE' })
  })

  test('getMeta tells their size and when they were set', async () => {
    const { driver } = newDriver()
    const before = Date.now()
    await driver.setItem('a', 'äöü')
    const { mtime, size } = (await driver.getMeta('a')) ?? {}
    expect(size).toBe(6)
    expect(mtime?.getTime()).toBeGreaterThanOrEqual(before - 1)
    const storage = createStorage({ driver })
    expect(await storage.getMeta('a')).toEqual({ mtime, size })
  })
})

describe('limits and failures', () => {
  test('a value may have 1,900,000 bytes', async () => {
    const { driver } = newDriver()
    const largest = 'x'.repeat(1_900_000)
    await driver.setItem('a', largest)
    expect((await driver.getItem('a'))?.length).toBe(largest.length)
    await expect(driver.setItem('a', `${largest}x`)).rejects.toMatchObject({
      code: 'ERR_TOO_LARGE',
    })
    await expect(driver.setItem('a', 'ä'.repeat(1_000_000))).rejects.toMatchObject({
      code: 'ERR_TOO_LARGE',
    })
  })

  test('a key may have 512 characters', async () => {
    const { driver } = newDriver({ listKeys: true })
    const longest = '\u4e2d'.repeat(512)
    await driver.setItem(longest, 'x')
    expect(await driver.getKeys()).toEqual([longest])
    await expect(driver.setItem(`${longest}x`, 'x')).rejects.toMatchObject({ code: 'ERR_KEY' })
    await expect(driver.getItem('\ud800')).rejects.toMatchObject({ code: 'ERR_KEY' })
    await driver.clear()
  })

  test('without a list of keys it says so, and pretends to no empty one', async () => {
    const { driver } = newDriver()
    await driver.setItem('a', 'one')
    await expect(driver.getKeys()).rejects.toMatchObject({ code: 'ERR_OPTION' })
    await expect(createStorage({ driver }).clear()).rejects.toThrow('listKeys: true')
  })

  test('an object that fails is ERR_STORE with its cause', async () => {
    const fault = new Error('down')
    const broken: ItemObjectNamespace = {
      idFromName: (name) => env.ITEMS.idFromName(name),
      get: () => ({ getItem: () => Promise.reject(fault), setItem: () => Promise.reject(fault) }),
    }
    const driver = objectDriver({ namespace: broken })
    await expect(driver.getItem('a')).rejects.toMatchObject({ code: 'ERR_STORE', cause: fault })
    await expect(driver.setItem('a', 'x')).rejects.toMatchObject({ code: 'ERR_STORE' })
  })

  test('a read whose object was just reset is tried once more, and a write is not', async () => {
    const calls: string[] = []
    const reset = Object.assign(new Error('reset'), { retryable: true })
    const failing = (name: string) => () => {
      calls.push(name)
      return calls.filter((other) => other === name).length === 1
        ? Promise.reject(reset)
        : Promise.resolve(undefined)
    }
    const driver = objectDriver({
      namespace: {
        idFromName: (name) => env.ITEMS.idFromName(name),
        get: () => ({ getItem: failing('getItem'), setItem: failing('setItem') }),
      },
    })
    expect(await driver.getItem('a')).toBe(null)
    await expect(driver.setItem('a', 'x')).rejects.toMatchObject({ code: 'ERR_STORE' })
    expect(calls).toEqual(['getItem', 'getItem', 'setItem'])
  })

  test('lists more keys than one answer holds', async () => {
    const { driver, list } = newDriver({ listKeys: true })
    await runInDurableObject(list(), (_, { storage }) => {
      for (let index = 0; index < 12_000; index += 1) {
        storage.kv.put(`=many:${String(index).padStart(5, '0')}`, 1)
      }
    })
    const keys = await driver.getKeys('many:')
    expect([keys.length, new Set(keys).size, keys.at(-1)]).toEqual([12_000, 12_000, 'many:11999'])
  })
})
