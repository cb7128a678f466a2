import { env } from 'cloudflare:workers'
import { describe, expect, test } from 'vitest'

import type { SessionStore } from '../../src/index.ts'
import { remembering } from '../../src/remember.ts'
import { renewing } from '../../src/renew.ts'
import { durableObjectStore } from '../../src/store/durable-object.ts'
import { kvStore } from '../../src/store/kv.ts'
import { memcachedStore } from '../../src/store/memcached.ts'
import { memoryStore } from '../../src/store/memory.ts'
import { redisStore } from '../../src/store/redis.ts'
import { newApp } from '../support/app.ts'
import { MEMCACHED_PORT, memcachedConnector } from '../support/memcached.ts'
import { REDIS_PORT, redisConnector } from '../support/redis.ts'
import { Visitor, who } from '../support/visitor.ts'

const COOKIE = '__Host-session'
const MINUTE = 60_000
const DAY = 24 * 60 * MINUTE

const STORES: readonly (readonly [name: string, isHere: boolean, newStore: () => SessionStore])[] =
  [
    ['memory', true, () => memoryStore()],
    ['objects', true, () => durableObjectStore(env.SESSIONS)],
    ['KV', true, () => kvStore(env.SESSION_KV)],
    ['Redis', REDIS_PORT > 0, () => redisStore(redisConnector)],
    ['memcached', MEMCACHED_PORT > 0, () => memcachedStore(memcachedConnector())],
  ]

interface Cell {
  readonly isRemembered: boolean
  readonly isRenewed: boolean
  readonly isRotated: boolean
}

const BOTH = [true, false]
const CELLS: readonly Cell[] = BOTH.flatMap((isRemembered) =>
  BOTH.flatMap((isRenewed) => BOTH.map((isRotated) => ({ isRemembered, isRenewed, isRotated }))),
)

function nameOf({ isRemembered, isRenewed, isRotated }: Cell): string {
  return [
    isRemembered ? 'remembered' : 'not remembered',
    isRenewed ? 'token renewed in use' : 'token not renewed',
    isRotated ? 'rotated by the application' : 'not rotated',
  ].join(', ')
}

describe.for(STORES)('on %s', ([name, isHere, newStore]) => {
  test.skipIf(!isHere).for(CELLS.map((cell) => [nameOf(cell), cell] as const))(
    '%s: a restart of the browser',
    async ([, { isRemembered, isRenewed, isRotated }]) => {
      // KV can't renew a token: there the cookie is sent again with the time of the use.
      const renews = isRenewed && name !== 'KV'
      const app = newApp({
        store: newStore(),
        accounts: { remember: remembering() },
        ...(renews && { use: [renewing({ everySeconds: 300, graceSeconds: 10 })] }),
      })
      const start = app.now
      const visitor = new Visitor(app)
      const { browser } = visitor
      const restOfMonth = (): number | undefined =>
        isRemembered ? Math.floor((start + 30 * DAY - app.now) / 1000) : undefined

      await visitor.visit((session) => session.signIn('ada', { remember: isRemembered }))
      expect(visitor.maxAge).toBe(restOfMonth())
      const first = visitor.secret

      app.now += 10 * MINUTE
      expect(await visitor.visit(who)).toBe('ada')
      expect(visitor.secret === first).toBe(!renews)
      expect(visitor.maxAge).toBe(renews || name === 'KV' ? restOfMonth() : undefined)

      app.now += MINUTE
      const before = visitor.secret
      await visitor.visit((session) => (isRotated ? session.regenerate() : undefined))
      expect(visitor.secret === before).toBe(!isRotated)
      expect(visitor.maxAge).toBe(isRotated ? restOfMonth() : undefined)

      const kept = browser.copy()
      browser.restart()
      expect(browser.cookies.has(COOKIE)).toBe(isRemembered)
      expect(await visitor.visit(who)).toBe(isRemembered ? 'ada' : 'nobody')

      // Past both timeouts of the layer; in a browser that kept its cookies, too.
      app.now = start + 20 * DAY
      for (const each of [browser, kept]) {
        app.calls.length = 0
        expect(await visitor.visit(who, each)).toBe(isRemembered ? 'ada' : 'nobody')
        expect(app.calls.length === 0).toBe(!isRemembered)
      }
      app.now = start + 30 * DAY - 5000
      expect(await visitor.visit(who)).toBe(isRemembered ? 'ada' : 'nobody')
      // The server ends it, whatever the browser keeps.
      const cookie = browser.cookieHeader()
      expect(cookie === '').toBe(!isRemembered)
      app.now = start + 30 * DAY
      expect(browser.cookieHeader()).toBe('')
      expect(await visitor.visit(who, browser, { headers: { cookie } })).toBe('nobody')
    },
  )
})
