import { type BetterAuthOptions, betterAuth, type SecondaryStorage } from 'better-auth'
import { expectTypeOf, test } from 'vitest'

import { betterAuthStorage } from '../../src/adapter/better-auth.ts'

declare const env: Cloudflare.Env

test('betterAuthStorage gives a SecondaryStorage of better-auth', async () => {
  const storage = betterAuthStorage({ namespace: () => env.ITEMS, base: 'auth' })
  expectTypeOf(storage).toExtend<SecondaryStorage>()
  expectTypeOf(storage).toExtend<NonNullable<BetterAuthOptions['secondaryStorage']>>()
  void betterAuth({ secondaryStorage: betterAuthStorage({ namespace: env.ITEMS }) })
  void betterAuth({ secondaryStorage: betterAuthStorage() })
  expectTypeOf(await storage.get('a')).toEqualTypeOf<string | null>()
  expectTypeOf(await storage.getAndDelete('a')).toEqualTypeOf<string | null>()
  expectTypeOf(await storage.increment('a', 60)).toEqualTypeOf<number>()
})

test('and takes only what it knows', () => {
  // @ts-expect-error KV has no objects
  betterAuthStorage({ namespace: env.SESSION_KV })
  // @ts-expect-error a misspelt option
  betterAuthStorage({ prefix: 'auth' })
  // @ts-expect-error values are texts
  void betterAuthStorage().set('a', { session: {} })
  // @ts-expect-error a counter has a time to live
  void betterAuthStorage().increment('a')
})
