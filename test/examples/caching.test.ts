import { env } from 'cloudflare:workers'
import { describe, expect, test } from 'vitest'

import worker, { type Context, Orders } from '../../examples/caching/worker.ts'
import { RELOAD_ON_BACK, RELOAD_ON_BACK_CSP } from '../../src/reload-on-back.ts'
import { Browser } from '../support/browser.ts'
import { CONTEXT } from '../support/site.ts'
import { WorkersCache } from '../support/workers-cache.ts'

interface OwnOrders {
  readonly userId: string
  readonly madeAt: string
}

/** The example's Worker, with the cache simulated in front of its inner entrypoint, and of the outer one if that is on. */
function newSite({ isOuterCached = false } = {}) {
  const site = { now: 1_800_000_000_000, runs: 0 }
  const clock = (): number => site.now
  const inner = new WorkersCache(async (_, props) => {
    site.runs += 1
    // The entrypoint takes no more of its context than the props.
    const context = { ...CONTEXT, props } as unknown as ConstructorParameters<typeof Orders>[0]
    return new Orders(context, env).fetch()
  }, clock)
  const context: Context = {
    ...CONTEXT,
    exports: { Orders: ({ props }) => ({ fetch: (request) => inner.fetch(request, props) }) },
  }
  const outer = new WorkersCache((request) => worker.fetch(request, env, context), clock)
  const fetch = (request: Request): Promise<Response> =>
    isOuterCached ? outer.fetch(request) : worker.fetch(request, env, context)
  return Object.assign(site, { browser: () => new Browser(fetch) })
}

const POST = { method: 'POST' }

describe.for([false, true])(
  'orders cached per user (the outer entrypoint too: %s)',
  (isOuterCached) => {
    test('are made once a minute for a user, in all browsers, and never shown to another', async () => {
      const site = newSite({ isOuterCached })
      const [laptop, phone, other] = [site.browser(), site.browser(), site.browser()]
      await laptop.fetch('/sign-in?user=ada', POST)
      await phone.fetch('/sign-in?user=ada', POST)
      await other.fetch('/sign-in?user=bob', POST)
      const first = await laptop.json<OwnOrders>('/orders')
      expect(first.userId).toBe('ada')
      expect(await laptop.json('/orders')).toEqual(first)
      expect(await phone.json('/orders')).toEqual(first)
      expect((await other.json<OwnOrders>('/orders')).userId).toBe('bob')
      expect(site.runs).toBe(2)
      site.now += 61_000
      expect((await laptop.json<OwnOrders>('/orders')).madeAt).not.toBe(first.madeAt)
      expect(site.runs).toBe(3)
    })

    test('are gone with the sign-out, and with it for nobody else', async () => {
      const site = newSite({ isOuterCached })
      const browser = site.browser()
      await browser.fetch('/sign-in?user=ada', POST)
      const response = await browser.fetch('/orders')
      expect(response.headers.get('Cache-Control')).toBe('private, no-store')
      await browser.fetch('/sign-out', POST)
      expect((await browser.fetch('/orders')).status).toBe(401)
      await browser.fetch('/sign-in?user=bob', POST)
      expect((await browser.json<OwnOrders>('/orders')).userId).toBe('bob')
    })
  },
)

test('a page of a signed-in user has the line that reloads it, and allows it alone', async () => {
  const browser = newSite().browser()
  await browser.fetch('/sign-in?user=%3Cada%3E', POST)
  const response = await browser.fetch('/')
  expect(response.headers.get('Cache-Control')).toBe('private, no-store')
  expect(response.headers.get('Content-Security-Policy')).toContain(RELOAD_ON_BACK_CSP)
  const text = await response.text()
  expect(text).toContain(`<script>${RELOAD_ON_BACK}</script>`)
  expect(text).toContain('Signed in as &lt;ada>')
})

test.for([
  ['prefetch', 503],
  ['prefetch;prerender', 503],
  ['prefetch;anonymous-client-ip', 503],
  ['', 200],
] as const)('a speculation (%j) of such a page is answered by %i', async ([purpose, status]) => {
  const browser = newSite().browser()
  await browser.fetch('/sign-in?user=ada', POST)
  const headers = purpose === '' ? {} : { 'Sec-Purpose': purpose }
  const response = await browser.fetch('/', { headers })
  expect(response.status).toBe(status)
  expect(response.headers.get('Cache-Control')).toBe('private, no-store')
})
