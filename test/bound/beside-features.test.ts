import { env } from 'cloudflare:workers'
import { expect, test } from 'vitest'

import { accounts } from '../../src/accounts.ts'
import { bound } from '../../src/bound.ts'
import { requireBound } from '../../src/guard/require-bound.ts'
import { createSessions, type Feature } from '../../src/index.ts'
import { remembering } from '../../src/remember.ts'
import { renewing } from '../../src/renew.ts'
import { cached } from '../../src/store/cached.ts'
import { durableObjectStore } from '../../src/store/durable-object.ts'
import { userIndex } from '../../src/store/user-index.ts'
import { deviceOf } from '../support/bound-app.ts'
import { Browser } from '../support/browser.ts'

const CONTEXT = { waitUntil: () => undefined, passThroughOnException: () => undefined }

const FEATURES = {
  bound: () => bound(),
  accounts: () =>
    accounts({ index: userIndex(env.USERS), remember: remembering({ idleTimeout: 90_000 }) }),
  renewing: () => renewing({ everySeconds: 60 }),
} satisfies Record<string, () => Feature>

const ORDERS = [
  ['bound', 'accounts', 'renewing'],
  ['bound', 'renewing', 'accounts'],
  ['accounts', 'bound', 'renewing'],
  ['renewing', 'accounts', 'bound'],
] as const

test.for(
  ORDERS.flatMap(
    (order) =>
      [
        [order, false],
        [order, true],
      ] as const,
  ),
)(
  'a bound session lives with the features in the order %j (copies: %s)',
  async ([order, copies]) => {
    const clock = { now: Date.now() }
    const userId = crypto.randomUUID()
    const objects = durableObjectStore(env.BINDING)
    const layer = createSessions({
      secrets: [env.SESSION_SECRET],
      store: copies ? cached(objects, { maxAgeSeconds: 30 }) : objects,
      idleTimeout: 7200,
      now: () => clock.now,
      use: [accounts(), bound()],
      // The types follow one order.
      ...({ use: order.map((name) => FEATURES[name]()) } as object),
    })
    const guarded = requireBound({ graceSeconds: 0 })(({ session }) => session.binding)
    const fetch = layer.withSession(async (request, own, ctx) => {
      const { pathname } = new URL(request.url)
      if (pathname === '/sign-in') await request.session.signIn(userId, { remember: true })
      if (pathname === '/end') await layer.user(userId, env).revokeAll()
      return pathname === '/guarded' ? guarded(request, own, ctx) : 'ok'
    })
    const browser = new Browser((request) => fetch(request, env, CONTEXT))
    const device = deviceOf(browser)
    const response = await browser.fetch('/sign-in')
    expect((await device.register(response)).status).toBe(200)
    // A copy from before the registration counts until its end.
    clock.now += 30_000
    for (let round = 0; round < 8; round += 1) {
      // oxlint-disable-next-line no-await-in-loop -- one after the other
      expect(await browser.json('/guarded')).toBe('bound')
      clock.now += 8 * 60_000
      // oxlint-disable-next-line no-await-in-loop
      expect((await device.refresh()).status).toBe(200)
    }
    clock.now += 600_000
    expect((await browser.fetch('/guarded')).status).toBe(401)
    expect((await device.refresh()).status).toBe(200)
    await new Browser((request) => fetch(request, env, CONTEXT)).fetch('/end')
    expect(await (await device.refresh()).json()).toMatchObject({ continue: false })
  },
)
