import { env } from 'cloudflare:workers'
import { describe, expect, test } from 'vitest'

import { nextPathOf } from '../../src/guard/next-path.ts'
import { requireFresh, requireUser, type UserGuard } from '../../src/guard/require-user.ts'
import type { SessionOptions } from '../../src/index.ts'
import { durableObjectStore } from '../../src/store/durable-object.ts'
import { CONTEXT, newSite, signedIn, type Site } from '../support/site.ts'
import { world } from '../support/worlds.ts'

const HERE = world()
const HTML = { Accept: 'text/html,application/xhtml+xml,*/*;q=0.8' }

/** A site whose `/guarded` says who is signed in. */
function guardedSite(guard: UserGuard, options: Partial<SessionOptions<unknown>> = {}): Site {
  const site = newSite(options)
  site.routes['/guarded'] = site.sessions.withSession(
    guard(async ({ session }) => [session.userId, (await session.get('a')) ?? null]),
  )
  return site
}

describe('requireUser', () => {
  test('lets a signed-in user in, by the one read that the handler needs anyway', async () => {
    const site = guardedSite(requireUser())
    const browser = await signedIn(site)
    expect(await browser.json('/guarded')).toEqual(['ada', null])
    expect(site.calls).toEqual(HERE.isReading ? [] : ['read'])
  })

  test.for(['GET', 'HEAD'])(
    'sends a page (%s) to the sign-in, with its own path as next',
    async (method) => {
      const site = guardedSite(requireUser({ loginUrl: '/login?theme=dark' }))
      const response = await site.browser().fetch('/guarded?a=1&b=%2F', { method, headers: HTML })
      expect(response.status).toBe(302)
      const location = response.headers.get('Location') ?? ''
      expect(location).toBe('/login?theme=dark&next=%2Fguarded%3Fa%3D1%26b%3D%252F')
      expect(nextPathOf({ url: `https://app.example${location}` })).toBe('/guarded?a=1&b=%2F')
      expect(response.headers.get('Cache-Control')).toBe('private, no-store')
      expect(response.headers.get('Vary')).toBe('Cookie')
    },
  )

  test('redirects to an address of other letters, in ASCII', async () => {
    const site = guardedSite(requireUser({ loginUrl: '/サイン?t=é%20' }))
    const response = await site.browser().fetch('/guarded?q=日', { headers: HTML })
    const location = response.headers.get('Location') ?? ''
    expect(location).toBe(
      '/%E3%82%B5%E3%82%A4%E3%83%B3?t=%C3%A9%20&next=%2Fguarded%3Fq%3D%25E6%2597%25A5',
    )
    expect(nextPathOf({ url: `https://app.example${location}` })).toBe('/guarded?q=%E6%97%A5')
  })

  test.for([
    ['GET', { Accept: 'application/json' }, 401],
    ['GET', { Accept: '*/*' }, 401],
    ['GET', {}, 401],
    ['GET', { Accept: 'application/json, text/html;q=0' }, 401],
    ['HEAD', { Accept: 'text/html;q=0.0, */*' }, 401],
    ['POST', {}, 403],
    ['PUT', {}, 403],
    ['DELETE', {}, 403],
  ] as const)('answers %s %j by %i with a problem', async ([method, headers, status]) => {
    const site = guardedSite(requireUser({ loginUrl: '/login' }))
    const response = await site.browser().fetch('/guarded', { method, headers })
    expect(response.status).toBe(status)
    expect(response.headers.get('Content-Type')).toBe('application/problem+json')
    const body = method === 'HEAD' ? { status } : await response.json()
    expect(body).toMatchObject({ status })
  })

  test.for([401, 403] as const)(
    'answers all but pages by %i where that is asked for',
    async (status) => {
      const site = guardedSite(requireUser({ loginUrl: '/login', status }))
      const browser = site.browser()
      const responses = await Promise.all([
        browser.fetch('/guarded'),
        browser.fetch('/guarded', { method: 'POST' }),
      ])
      expect(responses.map((response) => response.status)).toEqual([status, status])
      expect(await responses[0]?.json()).toMatchObject({
        code: 'ERR_SIGN_IN',
        detail: 'Sign in first.',
      })
    },
  )

  test('without a place to sign in has nowhere to send a page', async () => {
    const site = guardedSite(requireUser())
    expect((await site.browser().fetch('/guarded', { headers: HTML })).status).toBe(401)
  })

  test('lets nobody in by a session without a user, a signed-out, expired or forged one', async () => {
    const site = guardedSite(requireUser())
    const anonymous = site.browser()
    await anonymous.fetch('/set')
    const out = await signedIn(site)
    const stolen = out.copy()
    await out.fetch('/sign-out')
    const forged = (await signedIn(site)).copy()
    for (const [name, value] of forged.cookies)
      forged.cookies.set(
        name,
        value.replace(/.$/, (last) => (last === 'A' ? 'E' : 'A')),
      )
    for (const browser of [anonymous, out, stolen, forged])
      expect((await browser.fetch('/guarded')).status).toBe(401)
    const late = await signedIn(site)
    site.now += 30 * 60_000
    expect((await late.fetch('/guarded')).status).toBe(401)
  })

  test.for([
    ['', [true, false, false]],
    ['aal=1', [true, false, false]],
    ['aal=2', [true, true, false]],
    ['aal=3', [true, true, true]],
  ] as const)(
    'with a level lets in a sign-in %j of at least that one',
    async ([signIn, passes]) => {
      for (const [index, passed] of passes.entries()) {
        const aal = (index + 1) as 1 | 2 | 3
        const site = guardedSite(requireUser({ aal }))
        const response = await (await signedIn(site, signIn)).fetch('/guarded')
        expect(response.ok).toBe(passed)
      }
    },
  )

  // A copy answers while it is young.
  test.skipIf(HERE.isCached).for([
    ['refuse', 503],
    ['anonymous', 401],
  ] as const)('lets nobody in whose store fails (%s)', async ([onStoreFailure, status]) => {
    const objects = durableObjectStore(env.SESSIONS)
    let isBroken = false
    const read: typeof objects.read = async (...parameters) => {
      if (isBroken) throw new Error('no connection')
      return objects.read(...parameters)
    }
    const site = guardedSite(requireUser(), { onStoreFailure, store: { ...objects, read } })
    const browser = await signedIn(site)
    isBroken = true
    expect((await browser.fetch('/guarded')).status).toBe(status)
  })

  test('says where it has to stand, and what address is none', async () => {
    const lost = requireUser()(() => 'never')
    await expect(lost(new Request('https://app.example/') as never, {}, CONTEXT)).rejects.toThrow(
      /^ERR_OPTION: There is no session on the request\. Put the guard inside withSession/,
    )
    expect(() => requireUser({ loginUrl: '/login#form' })).toThrow(
      /^ERR_OPTION: loginUrl must not contain #/,
    )
  })

  test('passes on what the handler gives, throws, or leaves to others', async () => {
    const site = newSite()
    const { withSession } = site.sessions
    site.routes['/response'] = withSession(requireUser()(() => new Response('as it is')))
    site.routes['/other'] = withSession(requireUser()(() => undefined))
    site.routes['/throws'] = withSession(
      requireUser()(() => {
        throw new Error('mine')
      }),
    )
    const browser = await signedIn(site)
    expect(await (await browser.fetch('/response')).text()).toBe('as it is')
    expect((await browser.fetch('/other')).status).toBe(404)
    await expect(browser.fetch('/throws')).rejects.toThrow('mine')
  })
})

describe('requireFresh', () => {
  test('lets in whoever signed in less than so many seconds ago; use does not count, signing in again does', async () => {
    const site = guardedSite(requireFresh(300, { loginUrl: '/login' }))
    const browser = await signedIn(site)
    site.now += 299_999
    expect((await browser.fetch('/guarded')).status).toBe(200)
    site.now += 1
    expect((await browser.fetch('/guarded')).status).toBe(401)
    expect((await browser.fetch('/guarded', { headers: HTML })).status).toBe(302)
    expect((await browser.fetch('/guarded', { method: 'POST' })).status).toBe(403)
    await browser.fetch('/sign-in')
    expect((await browser.fetch('/guarded')).status).toBe(200)
    expect((await site.browser().fetch('/guarded')).status).toBe(401)
  })

  test.for([0, -1, Number.NaN])('%d seconds are refused', (seconds) => {
    expect(() => requireFresh(seconds)).toThrow(/^ERR_OPTION: requireFresh\(\)/)
  })
})
