import {
  createStorage,
  type Driver,
  restoreSnapshot,
  snapshot,
  type Storage,
  type StorageValue,
} from 'unstorage'
import { afterEach, expect, test } from 'vitest'

/**
 * What unstorage asks of every driver, in our words: each case of `test/drivers/utils.ts` of its repository (unjs/unstorage,
 * at v1.17.5 and at afbb66e, where it has the same cases), which its package leaves out. They run through a real `Storage`, as there.
 */
export function driverSuite(driver: Driver): void {
  const storage: Storage = createStorage({ driver })

  afterEach(() => storage.clear())

  test('restores a snapshot and takes one (init)', async () => {
    await restoreSnapshot(storage, { 'from:snapshot': 'works' })
    expect(await storage.getItem('from:snapshot')).toBe('works')
    expect(await snapshot(storage, 'from')).toEqual({ snapshot: 'works' })
  })

  test('is empty at first (initial state)', async () => {
    expect(await storage.hasItem('a:b')).toBe(false)
    expect(await storage.getItem('c:d')).toBe(null)
    expect(await storage.getKeys()).toEqual([])
  })

  test('has what was set, whatever query its key comes with (setItem)', async () => {
    await storage.setItem('s1:a', 'one')
    await storage.setItem('s2:a', 'two')
    await storage.setItem('s3:a?query=1', 'three')
    expect(await storage.hasItem('s1:a')).toBe(true)
    expect(await storage.getItem('s1:a')).toBe('one')
    expect(await storage.getItem('s2:a')).toBe('two')
    expect(await storage.getItem('s3:a?query=2')).toBe('three')
  })

  test('replaces what was there', async () => {
    await storage.setItem('a', 'one')
    await storage.setItem('a', 'two')
    expect(await storage.getItem('a')).toBe('two')
    expect(await storage.getKeys()).toEqual(['a'])
  })

  test('lists its keys, all and below a base (getKeys)', async () => {
    for (const key of ['s1:a', 's2:a', 's3:a?query=1', 's1b']) await storage.setItem(key, 'x')
    expect((await storage.getKeys()).toSorted()).toEqual(['s1:a', 's1b', 's2:a', 's3:a'])
    expect(await storage.getKeys('s1')).toEqual(['s1:a'])
    expect(await storage.getKeys('s4')).toEqual([])
  })

  test('lists them to a depth (getKeys with depth)', async () => {
    const keys = ['top', 'one:a', 'one:b', 'one:two:c', 'one:two:d']
    for (const key of keys) await storage.setItem(key, 'x')
    const listed = async (maxDepth: number): Promise<string[]> =>
      (await storage.getKeys(undefined, { maxDepth })).toSorted()
    expect(await listed(0)).toEqual(['top'])
    expect(await listed(1)).toEqual(['one:a', 'one:b', 'top'])
    expect(await listed(2)).toEqual(keys.toSorted())
  })

  test('keeps objects, and values that are no text (serialize: object, primitive)', async () => {
    await storage.setItem('/data/object.json', { json: 'works', list: [1, { a: null }] })
    await storage.setItem('/data/true.json', true)
    expect(await storage.getItem('data:object.json')).toEqual({
      json: 'works',
      list: [1, { a: null }],
    })
    expect(await storage.getItem('/data/true.json')).toBe(true)
  })

  test('keeps what toJSON gives (serialize: lossy object)', async () => {
    await storage.setItem('/data/text.json', { toJSON: () => 'TEXT' })
    await storage.setItem('/data/object.json', { toJSON: () => ({ is: 'object' }) })
    expect(await storage.getItem('/data/text.json')).toBe('TEXT')
    expect(await storage.getItem('/data/object.json')).toEqual({ is: 'object' })
  })

  test('is never asked to keep an object of a class (serialize: error)', async () => {
    // A class of the platform does as well as one of our own.
    await expect(storage.setItem('/data/own.json', new Headers())).rejects.toThrow(
      'Cannot stringify value',
    )
    expect(await storage.hasItem('/data/own.json')).toBe(false)
  })

  test('keeps bytes as they are (raw support)', async () => {
    const bytes = Uint8Array.of(1, 2, 3, 0, 255)
    await storage.setItemRaw('/data/raw.bin', bytes)
    const raw = await storage.getItemRaw<Uint8Array>('/data/raw.bin')
    expect([...(raw ?? [])]).toEqual([...bytes])
  })

  test('keeps several at once (setItems)', async () => {
    await storage.setItems<StorageValue>([
      { key: 't:1', value: 'one' },
      { key: 't:2', value: { two: 2 } },
      { key: 't:3', value: 'three' },
    ])
    expect(await storage.getItem('t:1')).toBe('one')
    expect(await storage.getItem('t:2')).toEqual({ two: 2 })
    expect(await storage.getItem('t:3')).toBe('three')
  })

  test('gives several at once, without their queries (getItems)', async () => {
    await storage.setItem('v1:a', 'one')
    await storage.setItem('v2:a', 'two')
    await storage.setItem('v3:a?query=1', 'three')
    expect(
      await storage.getItems([{ key: 'v1:a' }, 'v2:a', { key: 'v3:a?query=1' }, 'v4:absent']),
    ).toEqual([
      { key: 'v1:a', value: 'one' },
      { key: 'v2:a', value: 'two' },
      { key: 'v3:a', value: 'three' },
      { key: 'v4:absent', value: null },
    ])
  })

  test('tells 0 and false from nothing (getItem: falsy values)', async () => {
    await storage.setItem('zero', 0)
    await storage.setItem('no', false)
    await storage.setItem('empty', '')
    expect(await storage.getItem('zero')).toBe(0)
    expect(await storage.getItem('no')).toBe(false)
    expect(await storage.hasItem('empty')).toBe(true)
  })

  test('forgets what is removed, and what was never there (removeItem)', async () => {
    await storage.setItem('s1:a', 'one')
    await storage.removeItem('s1:a')
    await storage.removeItem('s2:never')
    expect(await storage.hasItem('s1:a')).toBe(false)
    expect(await storage.getItem('s1:a')).toBe(null)
    expect(await storage.getKeys()).toEqual([])
  })

  test('is empty after it was cleared, and may be cleared empty (clear)', async () => {
    await storage.setItem('s1:a', 'one')
    await storage.setItem('s2:a', 'two')
    await storage.clear()
    expect(await storage.getKeys()).toEqual([])
    expect(await storage.getItem('s1:a')).toBe(null)
    await storage.clear()
    expect(await storage.getKeys()).toEqual([])
  })

  test('keeps what is said about a value beside it (setMeta, getMeta)', async () => {
    await storage.setItem('a', 'one')
    await storage.setMeta('a', { kind: 'test' })
    expect(await storage.getMeta('a')).toMatchObject({ kind: 'test' })
    await storage.removeItem('a', { removeMeta: true })
    expect(await storage.getKeys()).toEqual([])
  })

  test('is mounted below a base beside others', async () => {
    const site = createStorage()
    site.mount('objects', driver)
    await site.setItem('objects:a:b', 'one')
    await site.setItem('other', 'two')
    expect(await site.getItem('objects:a:b')).toBe('one')
    expect(await storage.getItem('a:b')).toBe('one')
    expect((await site.getKeys()).toSorted()).toEqual(['objects:a:b', 'other'])
    expect(await site.getKeys('objects:a')).toEqual(['objects:a:b'])
    await site.clear('objects')
    expect(await site.getKeys()).toEqual(['other'])
  })
}
