import { runInDurableObject } from 'cloudflare:test'
import { env } from 'cloudflare:workers'
import { describe, expect, test } from 'vitest'

import { PROTOCOL } from '../../src/record/session-cell.ts'
import { durableObjectStore } from '../../src/store/durable-object.ts'
import * as former from '../fixtures/protocol-1.mjs'
import { newApp } from '../support/app.ts'
import { Browser } from '../support/browser.ts'

const CONTEXT = { waitUntil: () => undefined, passThroughOnException: () => undefined }

/** A Worker of the former version over a namespace, with its own way to do what a request asks for. */
function formerApp(namespace: object): {
  readonly browser: Browser
  handler: (session: former.FormerSession) => unknown
} {
  const layer = former.createSessions({
    secrets: [env.SESSION_SECRET],
    store: former.durableObjectStore(namespace),
  })
  const fetch = layer.withSession(async ({ session }) => (await app.handler(session)) ?? null)
  const browser = new Browser((request) => fetch(request, {}, CONTEXT))
  const app: ReturnType<typeof formerApp> = { browser, handler: () => undefined }
  return app
}

// A deployment mixes versions for some minutes: a Worker meets objects that are one version older, and an object Workers.
describe.for([
  ['objects of this version', (): typeof env.SESSIONS => env.SESSIONS],
  ['objects of the former version', (): typeof env.SESSIONS => env.FORMER_SESSIONS],
] as const)(
  'a Worker of the former version and one of this, by turns, over %s,',
  ([, namespace]) => {
    type Version = 'former' | 'present'

    function newPair(): {
      readonly visit: (
        version: Version,
        handler: (session: former.FormerSession) => unknown,
      ) => Promise<unknown>
      readonly cookies: (version: Version) => Browser['cookies']
    } {
      const apps = {
        former: formerApp(namespace()),
        present: newApp({ store: durableObjectStore(namespace()) }),
      }
      const browsers = { former: apps.former.browser, present: apps.present.browser() }
      return {
        cookies: (version) => browsers[version].cookies,
        async visit(version, handler) {
          apps[version].handler = handler
          const response = await browsers[version].fetch('/')
          const other = browsers[version === 'former' ? 'present' : 'former']
          other.cookies.clear()
          for (const [name, value] of browsers[version].cookies) other.cookies.set(name, value)
          expect(response.status).toBe(200)
          return response.json()
        },
      }
    }

    test('keep one session, and each other’s writes', async () => {
      const { visit } = newPair()
      for (let each = 1; each <= 3; each += 1) {
        expect(await visit('former', (session) => session.increment('n'))).toBe(2 * each - 1)
        expect(await visit('present', (session) => session.increment('n'))).toBe(2 * each)
      }
      await visit('former', (session) => session.set('former', 1))
      await visit('present', (session) => session.set('present', 2))
      expect(await visit('former', (session) => session.all())).toEqual({
        n: 6,
        former: 1,
        present: 2,
      })
    })

    test('share atomic operations and messages', async () => {
      const { visit } = newPair()
      await visit('former', (session) => session.set('list', ['a']))
      await visit('present', (session) => session.update('list', (list) => [...list, 'b']))
      await visit('former', (session) => session.update('list', (list) => [...list, 'c']))
      expect(await visit('present', (session) => session.take('list'))).toEqual(['a', 'b', 'c'])
      expect(await visit('former', (session) => session.take('list'))).toBe(null)
      await visit('former', (session) => session.flash('notice', 'saved'))
      expect(await visit('present', (session) => session.flashes())).toEqual({ notice: 'saved' })
      expect(await visit('former', (session) => session.flashes())).toEqual({})
    })

    test('rotate and sign in, and the other goes on with the new token', async () => {
      const { visit } = newPair()
      await visit('present', (session) => session.set('cart', 'a'))
      await visit('former', (session) => session.regenerate())
      await visit('present', (session) => session.signIn('ada'))
      expect(
        await visit('former', async (session) => [await session.get('cart'), session.userId]),
      ).toEqual(['a', 'ada'])
      await visit('present', (session) => session.regenerate())
      expect(
        await visit('former', async (session) => [await session.get('cart'), session.userId]),
      ).toEqual(['a', 'ada'])
    })

    test.for([
      ['former', 'present'],
      ['present', 'former'],
    ] as const)('end it for the other one too: %s, then %s', async ([one, other]) => {
      const { visit, cookies } = newPair()
      await visit(one, (session) => session.set('n', 1))
      const stolen = [...cookies(other)]
      await visit(one, (session) => session.destroy())
      for (const [name, value] of stolen) cookies(other).set(name, value)
      expect(await visit(other, (session) => session.all())).toEqual({})
    })
  },
)

describe('an object', () => {
  const call = (version: number): Promise<string> => {
    const stub = env.SESSIONS.get(env.SESSIONS.newUniqueId())
    return runInDurableObject(stub, (object) => object.call('["read","s",1,2,3,4,0]', version))
  }

  test('answers Workers that are one version older or newer than itself', async () => {
    for (const version of [PROTOCOL - 1, PROTOCOL, PROTOCOL + 1]) {
      expect(JSON.parse(await call(version))).toEqual({ ok: false, gone: 'ended' })
    }
  })

  test('refuses a version of which it knows nothing', async () => {
    await expect(call(PROTOCOL + 2)).rejects.toThrow(/newer than this object/)
  })
})

test('a Worker refuses a sum that an object of the former version could not count to exactly', async () => {
  const app = newApp({ store: durableObjectStore(env.FORMER_SESSIONS) })
  const browser = app.browser()
  app.handler = (session) => session.set('n', Number.MAX_SAFE_INTEGER)
  await browser.fetch('/')
  app.handler = (session) => session.increment('n').catch((error: unknown) => Object(error).code)
  expect(await browser.json('/')).toBe('ERR_VALUE')
})
