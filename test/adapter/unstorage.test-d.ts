import { createStorage, type Driver } from 'unstorage'
import { expectTypeOf, test } from 'vitest'

import { objectDriver } from '../../src/adapter/unstorage.ts'

declare const env: Cloudflare.Env

test('objectDriver gives a driver of unstorage', async () => {
  const driver = objectDriver({ namespace: () => env.ITEMS, ttl: 3600 })
  expectTypeOf(driver).toExtend<Driver>()
  const storage = createStorage<{ visits: number }>({ driver })
  expectTypeOf(await storage.getItem('a')).toEqualTypeOf<{ visits: number } | null>()
  void objectDriver({ namespace: env.ITEMS })
})

test('and takes only what it knows', () => {
  // @ts-expect-error KV has no objects
  objectDriver({ namespace: env.SESSION_KV })
  // @ts-expect-error a misspelt option
  objectDriver({ listkeys: true })
  // @ts-expect-error a time to live is a number of seconds
  objectDriver({ ttl: '1h' })
})
