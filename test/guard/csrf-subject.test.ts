import { describe, expect, test } from 'vitest'

import { csrfGuard, csrfToken } from '../../src/guard/csrf.ts'
import type { SessionStore } from '../../src/index.ts'
import { kvStore } from '../../src/store/kv.ts'
import type { Browser } from '../support/browser.ts'
import { STORES } from '../support/old-app.ts'
import { newSite, type Site } from '../support/site.ts'
import { StaleKv } from '../support/stale-kv.ts'

type Change = 'signIn' | 'regenerate' | 'both'

/** A site whose `/change` answers with a form after a change of token, and whose `/send` asks for its token. */
function changingSite(store: SessionStore, clock?: () => number): Site {
  const site = newSite({ store, ...(clock && { now: clock }) })
  const { withSession } = site.sessions
  const own = csrfGuard({ requireToken: true })
  for (const change of ['signIn', 'regenerate', 'both'] as const) {
    site.routes[`/${change}`] = withSession(async ({ session }) => {
      if (change !== 'signIn') await session.regenerate()
      if (change !== 'regenerate') await session.signIn('ada')
      return csrfToken(session)
    })
  }
  site.routes['/send'] = withSession(own(() => 'sent'))
  return site
}

async function send(browser: Browser, token: string): Promise<number> {
  const headers = { 'X-CSRF-Token': token, 'Sec-Fetch-Site': 'same-origin' }
  return (await browser.fetch('/send', { method: 'POST', headers })).status
}

const CHANGES: readonly Change[] = ['signIn', 'regenerate', 'both']

describe('a form in the answer to a change of token can be sent', () => {
  test.for(
    STORES.flatMap(([name, newStore]) => CHANGES.map((each) => [name, each, newStore] as const)),
  )(
    'on %s, after %s, by a visitor with a session, a user and a new visitor',
    async ([, change, newStore]) => {
      const site = changingSite(newStore())
      for (const before of ['/set', '/sign-in', undefined]) {
        const browser = site.browser()
        if (before !== undefined) await browser.fetch(before)
        const form = await browser.fetch(`/${change}`)
        expect([before, form.status]).toEqual([before, 200])
        expect([before, await send(browser, await form.json<string>())]).toEqual([before, 200])
      }
    },
  )

  // Its one write a second for a key is simulated.
  test.for(['signIn', 'regenerate'] as const)('on KV with its rate, after %s', async (change) => {
    let now = Date.now()
    const kv = new StaleKv(() => now).location()
    const site = changingSite(kvStore(kv), () => now)
    const browser = site.browser()
    await browser.fetch('/set')
    now += 5000
    const form = await browser.fetch(`/${change}`)
    now += 5000
    expect(await send(browser, await form.json<string>())).toBe(200)
  })
})

describe.for(STORES)('on %s, with onStoreFailure: anonymous and the store down', ([, newStore]) => {
  function failingSite(): { site: Site; down: { is: boolean } } {
    const down = { is: false }
    const store = newStore()
    const read: SessionStore['read'] = async (...parameters) => {
      if (down.is) throw new Error('down')
      return store.read(...parameters)
    }
    const site = newSite({ store: { ...store, read }, onStoreFailure: 'anonymous' })
    const { withSession } = site.sessions
    const own = csrfGuard({ requireToken: true })
    site.routes['/read-then-form'] = withSession(async ({ session }) => {
      await session.load()
      return csrfToken(session)
    })
    site.routes['/send'] = withSession(own(() => 'sent'))
    site.routes['/read-then-send'] = withSession(async (request, ...rest) => {
      await request.session.load()
      return own(() => 'sent')(request, ...rest)
    })
    return { site, down }
  }

  async function sendTo(browser: Browser, path: string, token: string): Promise<number> {
    const headers = { 'X-CSRF-Token': token, 'Sec-Fetch-Site': 'same-origin' }
    return (await browser.fetch(path, { method: 'POST', headers })).status
  }

  test('a form that was shown meanwhile can be sent, then and later, after a read too', async () => {
    const { site, down } = failingSite()
    const browser = site.browser()
    await browser.fetch('/set')
    down.is = true
    const form = await browser.fetch('/read-then-form')
    expect(form.headers.getSetCookie()).toEqual([])
    const token = await form.json<string>()
    for (const isDown of [true, false]) {
      down.is = isDown
      for (const path of ['/send', '/read-then-send']) {
        expect([isDown, path, await sendTo(browser, path, token)]).toEqual([isDown, path, 200])
      }
    }
  })

  test('a form that was shown before can be sent, after a read too', async () => {
    const { site, down } = failingSite()
    const browser = site.browser()
    await browser.fetch('/set')
    const token = await browser.json<string>('/token')
    down.is = true
    expect(await sendTo(browser, '/read-then-send', token)).toBe(200)
    expect(await sendTo(browser, '/send', token)).toBe(200)
  })

  test('the form of a visitor without a session can be sent, and that of another cannot', async () => {
    const { site, down } = failingSite()
    down.is = true
    const browser = site.browser()
    const token = await browser.json<string>('/read-then-form')
    expect(await sendTo(browser, '/read-then-send', token)).toBe(200)
    expect(await sendTo(site.browser(), '/read-then-send', token)).toBe(403)
  })
})

test('a form of a page that was overtaken by a change of token is bound to the token that it came with', async () => {
  const site = newSite()
  const { withSession } = site.sessions
  site.routes['/read-then-form'] = withSession(async ({ session }) => {
    await session.load()
    return csrfToken(session)
  })
  site.routes['/send'] = withSession(csrfGuard({ requireToken: true })(() => 'sent'))
  const browser = site.browser()
  await browser.fetch('/set')
  const lost = browser.copy()
  await lost.fetch('/regenerate')
  const form = await browser.fetch('/read-then-form')
  expect(form.headers.getSetCookie()).toEqual([])
  const token = await form.json<string>()
  expect(await send(browser, token)).toBe(200)
  expect(await send(lost, token)).toBe(403)
})

test('a form of before is refused in the request that has already changed the token', async () => {
  const site = newSite()
  const { withSession } = site.sessions
  const guarded = csrfGuard({ requireToken: true })(() => 'sent')
  site.routes['/send'] = withSession(async (request, env, ctx) => {
    await request.session.regenerate()
    return guarded(request, env, ctx)
  })
  const browser = site.browser()
  await browser.fetch('/set')
  const token = await browser.json<string>('/token')
  expect(await send(browser, token)).toBe(403)
})
