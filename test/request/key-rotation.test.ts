import { describe, expect, test } from 'vitest'

import { type SessionEvent, type SessionStore, type Secrets } from '../../src/index.ts'
import { memoryStore } from '../../src/store/memory.ts'
import { type App, newApp } from '../support/app.ts'
import { world } from '../support/worlds.ts'

const HERE = world()
const OLD = 'the old secret, which has more than 32 bytes'
const NEW = 'the new secret, which has more than 32 bytes'

function appWith(store: SessionStore, secrets: Secrets): App {
  const app = newApp({ store, secrets })
  app.handler = (session) => session.all()
  return app
}

async function cookieFrom(app: App): Promise<string> {
  const browser = app.browser()
  app.handler = (session) => {
    session.set('a', 1)
    return 'ok'
  }
  await browser.fetch('/')
  return browser.cookieHeader()
}

describe('rotating the secret', () => {
  test('accepts what an older secret signed and signs it again, with no data write', async () => {
    const store = memoryStore()
    const cookie = await cookieFrom(appWith(store, [OLD]))
    const app = appWith(store, [NEW, OLD])
    const first = await app.browser().fetch('/', { headers: { cookie } })
    expect(await first.json()).toEqual({ a: 1 })
    const [setCookie = ''] = first.headers.getSetCookie()
    expect(setCookie).toMatch(/^__Host-session=1\./)
    expect(app.calls).toEqual(HERE.isReading ? [] : ['read'])
    expect(app.events).toMatchObject([{ type: 're-signed' } satisfies Partial<SessionEvent>])

    const signedAgain = setCookie.slice(0, setCookie.indexOf(';'))
    const second = await app.browser().fetch('/', { headers: { cookie: signedAgain } })
    expect(await second.json()).toEqual({ a: 1 })
    expect(second.headers.getSetCookie()).toEqual([])

    const withoutOld = appWith(store, [NEW])
    const third = await withoutOld.browser().fetch('/', { headers: { cookie: signedAgain } })
    expect(await third.json()).toEqual({ a: 1 })
  })

  test.skipIf(HERE.isReading)(
    'signs again on the next response even when the session is not used, with no call and no new time',
    async () => {
      const store = memoryStore()
      const former = appWith(store, [OLD])
      const cookie = await cookieFrom(former)
      const app = appWith(store, [NEW, OLD])
      app.now = former.now + 29 * 60_000
      app.handler = () => 'static'
      const response = await app.browser().fetch('/', { headers: { cookie } })
      const [setCookie = ''] = response.headers.getSetCookie()
      expect(app.calls).toEqual([])
      app.now += 60_000
      app.handler = (session) => session.all()
      const signedAgain = setCookie.slice(0, setCookie.indexOf(';'))
      const late = await app.browser().fetch('/', { headers: { cookie: signedAgain } })
      expect(await late.json()).toEqual({})
    },
  )

  test('makes what a retired secret signed anonymous, with an event and no call', async () => {
    const store = memoryStore()
    const cookie = await cookieFrom(appWith(store, [OLD]))
    const app = appWith(store, [NEW])
    const response = await app.browser().fetch('/', { headers: { cookie } })
    expect(await response.json()).toEqual({})
    expect(response.headers.getSetCookie()).toEqual([])
    expect(app.calls).toEqual([])
    expect(app.events).toEqual([{ type: 'refused', reason: 'unknown-key' }])
  })
})
