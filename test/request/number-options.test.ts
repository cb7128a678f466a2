import { env } from 'cloudflare:workers'
import { describe, expect, test } from 'vitest'

import { accounts } from '../../src/accounts.ts'
import { objectDriver } from '../../src/adapter/unstorage.ts'
import { requireFresh } from '../../src/guard/require-user.ts'
import { createSessions } from '../../src/index.ts'
import { adoption } from '../../src/migrate/adoption.ts'
import * as django from '../../src/migrate/django.ts'
import * as itsdangerous from '../../src/migrate/itsdangerous.ts'
import { tornadoCookie } from '../../src/migrate/tornado.ts'
import { renewing } from '../../src/renew.ts'
import { cached } from '../../src/store/cached.ts'
import { kvStore } from '../../src/store/kv.ts'
import { memcachedStore } from '../../src/store/memcached.ts'
import { memoryStore } from '../../src/store/memory.ts'
import { ringStore } from '../../src/store/ring.ts'
import { memcachedConnector } from '../support/memcached.ts'

const load = (): undefined => undefined
const verify = (): undefined => undefined
const required = { secrets: ['x'.repeat(32)] as const, store: memoryStore() }
const index = { revoke: () => undefined } as never

/** Each option that is a number, and how it is given. */
const OPTIONS: Record<string, (given: never) => unknown> = {
  'createSessions: idleTimeout': (idleTimeout) => createSessions({ ...required, idleTimeout }),
  'createSessions: absoluteTimeout': (absoluteTimeout) =>
    createSessions({ ...required, absoluteTimeout }),
  'cached: maxAgeSeconds': (maxAgeSeconds) => cached(memoryStore(), { maxAgeSeconds }),
  'renewing: everySeconds': (everySeconds) => renewing({ everySeconds }),
  'accounts: limit.max': (max) => accounts({ index, limit: { max, whenFull: 'refuse' } }),
  'ringStore: weight': (weight) => ringStore([{ name: 'a', weight, store: memoryStore() }]),
  'kvStore: cacheTtl': (cacheTtl) => kvStore(env.SESSION_KV, { cacheTtl }),
  'memcachedStore: maxItemBytes': (maxItemBytes) =>
    memcachedStore(memcachedConnector(), { maxItemBytes }),
  'adoption: rememberSeconds': (rememberSeconds) =>
    adoption({ name: 'old', verify, load, rememberSeconds }),
  'tornadoCookie: maxAgeDays': (maxAgeDays) =>
    tornadoCookie({ name: 'old', secret: 's', load, maxAgeDays }),
  'tornadoCookie: maxAgeDays, with rememberSeconds': (maxAgeDays) =>
    tornadoCookie({ name: 'old', secret: 's', load, maxAgeDays, rememberSeconds: 86_400 }),
  'tornadoCookie: rememberSeconds': (rememberSeconds) =>
    tornadoCookie({ name: 'old', secret: 's', load, rememberSeconds }),
  'tornadoCookie: minVersion': (minVersion) =>
    tornadoCookie({ name: 'old', secret: 's', load, minVersion }),
  requireFresh: (seconds) => requireFresh(seconds),
}

const NUMBERS: [name: string, given: unknown][] = [
  ['NaN', Number.NaN],
  ['Infinity', Infinity],
  ['-1', -1],
  ['0', 0],
  ['a text', '60'],
  ['null', null],
]

describe.each(Object.entries(OPTIONS))('%s', (_name, give) => {
  test.each(NUMBERS)('is refused at construction: %s', (_what, given) => {
    expect(() => give(given as never)).toThrow(/^ERR_OPTION: /)
  })
})

/** Options that may be 0, or Infinity. */
const OTHERS: [name: string, give: (given: never) => unknown, allowed: number][] = [
  ['touchInterval', (touchInterval) => createSessions({ ...required, touchInterval }), 0],
  ['storeTimeout', (storeTimeout) => createSessions({ ...required, storeTimeout }), Infinity],
  ['graceSeconds', (graceSeconds) => renewing({ everySeconds: 60, graceSeconds }), 0],
  ['ttl', (ttl) => objectDriver({ ttl }), 0],
]

test.each(OTHERS)('%s is refused if it is not a number', (_name, give, allowed) => {
  for (const given of [Number.NaN, -1, '60', null]) {
    expect(() => give(given as never)).toThrow(/^ERR_OPTION: /)
  }
  expect(() => give(allowed as never)).not.toThrow()
})

test('timeouts are refused past a thousand years, which no Date could say', () => {
  const seconds = 1000 * 365 * 86_400
  expect(() => createSessions({ ...required, absoluteTimeout: seconds })).not.toThrow()
  expect(() => createSessions({ ...required, absoluteTimeout: seconds + 1 })).toThrow(/^ERR_OPTION/)
  expect(() => adoption({ name: 'old', verify, load, rememberSeconds: seconds + 1 })).toThrow(
    /^ERR_OPTION/,
  )
})

test('an adoption is refused that forgets a cookie while it is still genuine', () => {
  const options = { name: 'old', secret: 's', load, maxAgeDays: 2 }
  expect(() => tornadoCookie({ ...options, rememberSeconds: 2 * 86_400 - 1 })).toThrow(
    "ERR_OPTION: The old cookie's rememberSeconds is 172799, less than its maxAgeDays. Write as many seconds, or leave it out.",
  )
  expect(() => tornadoCookie({ ...options, rememberSeconds: 2 * 86_400 })).not.toThrow()
})

test('the end of a ring’s migration is a Date', () => {
  const nodes = [{ name: 'a', weight: 1, store: memoryStore() }]
  for (const until of [new Date(Number.NaN), 5, '2030-01-01', null]) {
    const migrating = { from: nodes, until: until as Date }
    expect(() => ringStore(nodes, { migrating })).toThrow(/^ERR_OPTION: ringStore/)
  }
})

test.each([Number.NaN, '60'])('a maximum age of %s makes no value good for ever', async (given) => {
  const maxAge = given as number
  const key = 'k'.repeat(32)
  await expect(django.unsignTimestamped('a:b:c', { key, maxAge })).rejects.toThrow(/^ERR_OPTION/)
  await expect(itsdangerous.unsignTimestamped('a.b.c', { secret: key, maxAge })).rejects.toThrow(
    /^ERR_OPTION/,
  )
})
