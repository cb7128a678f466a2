import { listDurableObjectIds } from 'cloudflare:test'
import { env } from 'cloudflare:workers'
import { describe, expect, test, vi } from 'vitest'

import type { SessionStore } from '../../src/index.ts'
import { durableObjectStore } from '../../src/store/durable-object.ts'
import { memoryStore } from '../../src/store/memory.ts'
import {
  BINDING_STORES,
  type BoundApp,
  boundApp,
  boundVisitor,
  deviceOf,
  signIn,
} from '../support/bound-app.ts'
import { expectEnd, isLetIn } from '../support/bound-checks.ts'

/** How the store of a device's call fails (simulated), as long as it is set. */
interface Failing {
  fault: 'throws' | 'hangs' | undefined
  readonly store: SessionStore
}

function failing(store: SessionStore): Failing {
  const made: Failing = {
    fault: undefined,
    store: {
      ...store,
      part: (...call) => {
        if (made.fault === 'throws') throw new Error('the store is broken')
        if (made.fault === 'hangs') return new Promise(() => undefined)
        return store.part?.(...call) as never
      },
    },
  }
  return made
}

/** Posts to an endpoint without a proof. */
async function post(app: BoundApp, path: string, id?: string): Promise<Response> {
  const headers = id === undefined ? {} : { 'Sec-Secure-Session-Id': id }
  return app.browser().fetch(path, { method: 'POST', headers })
}

describe.for([...BINDING_STORES])('on the %s store', ([name, options]) => {
  test.for([
    ['throws', {}],
    ['throws', { onStoreFailure: 'anonymous' }],
    ['throws', { onStoreFailure: () => new Response('sorry', { status: 400 }) }],
    ['hangs', { storeTimeout: 0.05 }],
    ['hangs', { storeTimeout: 0.05, onStoreFailure: 'anonymous' }],
  ] as const)('a store that %s is answered by 503, with %j', async ([fault, more]) => {
    const broken = failing(options.store)
    // A busy machine may take its time for the calls that are answered.
    const app = boundApp({ ...options, ...more, store: broken.store, storeTimeout: 60 })
    const hurried = boundApp({ ...options, ...more, store: broken.store, clock: app })
    const { browser, device } = await boundVisitor(app)
    const { browser: other, response } = await signIn(app)
    const inHurry = ({ cookies }: typeof browser): typeof device => {
      const here = hurried.browser()
      here.cookies.addAll(cookies)
      return deviceOf(here)
    }
    const { session, challenge } = device
    const away = Object.assign(inHurry(browser), { session, challenge })
    broken.fault = fault
    for (const answer of [await away.refresh(), await inHurry(other).register(response)]) {
      expect([answer.status, answer.headers.getSetCookie()]).toEqual([503, []])
      expect(answer.headers.get('Cache-Control')).toBe('no-store')
      expect(answer.headers.get('Retry-After')).toBe('5')
    }
    expect(hurried.events.map(({ type }) => type)).toEqual(['store-failed', 'store-failed'])
    broken.fault = undefined
    expect((await device.refreshed()).status).toBe(200)
    expect((await deviceOf(other).register(response)).status).toBe(200)
  })

  test('a request that is one too many is answered by 503, before anything else', async () => {
    let count = 0
    const allow = vi.fn<(...given: unknown[]) => Promise<boolean>>(async () => {
      count += 1
      return count !== 3 && count < 5
    })
    const app = boundApp({ ...options, bound: { allow } })
    const { device, response } = await signIn(app)
    await device.register(response)
    app.now += 1
    expect((await device.refresh()).status).toBe(200)
    app.calls.length = 0
    app.events.length = 0
    const { challenge } = device
    const refused = await device.refresh()
    expect([refused.status, refused.headers.get('Retry-After')]).toEqual([503, '5'])
    expect([app.calls, app.events]).toEqual([[], []])
    device.challenge = challenge
    expect((await device.refresh()).status).toBe(200)
    expect((await device.register(response)).status).toBe(503)
    expect(allow).toHaveBeenCalledTimes(5)
    expect(allow.mock.calls[0]).toMatchObject([{ url: 'https://app.example/dbsc/register' }, {}])
  })

  test('a failure of allow() is the Worker’s own', async () => {
    const allow = (): never => {
      throw new RangeError('no limiter')
    }
    const app = boundApp({ ...options, bound: { allow } })
    const { device, response } = await signIn(app)
    await expect(device.register(response)).rejects.toThrow('no limiter')
  })

  const foreign = memoryStore().newHandle()
  const alien = durableObjectStore(env.SESSIONS).newHandle()

  test.for([
    'x',
    'A'.repeat(21),
    'A'.repeat(22),
    'A'.repeat(41),
    'A'.repeat(43),
    'A'.repeat(64),
    'A'.repeat(65),
    foreign,
    alien,
    '../../etc/passwd',
    '__proto__',
    'a b',
    '"',
    "' OR 1=1",
    '{}',
  ])('an id that is not ours, %s, ends the device’s session and begins none', async (id) => {
    const app = boundApp(options)
    const before = name === 'memory' ? [] : await listDurableObjectIds(env.BINDING)
    const answer = await post(app, '/dbsc/refresh', id)
    expect(answer.status).toBe(200)
    expect(await answer.json()).toEqual({ session_identifier: id, continue: false })
    expect(answer.headers.getSetCookie()).toEqual([])
    expect(app.events.every(({ type }) => type === 'bound-ended')).toBe(true)
    const after = name === 'memory' ? [] : await listDurableObjectIds(env.BINDING)
    expect(after).toHaveLength(before.length)
  })

  test('an id in quotes is the same one, and none is a proof that is missing', async () => {
    const app = boundApp(options)
    const { device } = await boundVisitor(app)
    const answer = await post(app, '/dbsc/refresh', `"${device.session?.id}"`)
    expect(answer.status).toBe(403)
    expect(answer.headers.get('Secure-Session-Challenge')).toContain(`id="${device.session?.id}"`)
    expect(app.events).toEqual([])
    expect((await post(app, '/dbsc/refresh')).status).toBe(400)
    expect((await post(app, '/dbsc/register')).status).toBe(400)
    const refused = { type: 'bound-refused', reason: 'proof', id: expect.any(String) }
    expect(app.events).toEqual([refused, refused])
  })

  test('the id of a session that is not bound ends the device’s, and changes nothing', async () => {
    const app = boundApp(options)
    const { browser, device, response } = await signIn(app)
    const [, id = ''] = /challenge="([\w-]+)\./.exec(
      response.headers.get('Secure-Session-Registration') ?? '',
    ) ?? ['', '']
    await expectEnd(app, {
      device: Object.assign(deviceOf(app.browser()), { session: { id, url: '/dbsc/refresh' } }),
    })
    expect((await device.register(response)).status).toBe(200)
    expect(await isLetIn(app, browser)).toBe(true)
  })

  test('the id of one session beside the cookie of another ends it, with no call', async () => {
    const app = boundApp(options)
    const [ada, eve] = [await boundVisitor(app), await boundVisitor(app, 'eve')]
    const mixed = deviceOf(eve.browser)
    const proof = await ada.device.proof(ada.device.challenge)
    app.calls.length = 0
    const answer = await eve.browser.fetch('/dbsc/refresh', {
      method: 'POST',
      headers: {
        'Sec-Secure-Session-Id': ada.device.session?.id ?? '',
        'Secure-Session-Response': proof,
      },
    })
    expect(await answer.json()).toMatchObject({ continue: false })
    expect(answer.headers.getSetCookie()).toEqual([])
    expect(app.calls).toEqual([])
    expect(mixed.session).toBeUndefined()
    expect((await ada.device.refresh()).status).toBe(200)
  })
})
