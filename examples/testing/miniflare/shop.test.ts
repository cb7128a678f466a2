// #region setup
import assert from 'node:assert/strict'
import { join } from 'node:path'
import { after, mock, test } from 'node:test'

import { cookieFor, TestBrowser } from 'edge-session/testing'
import { build } from 'esbuild'
import { convertV4MiniflareOptions, Miniflare } from 'miniflare'

import { type Env, sessions } from '../src/sessions.ts'

const bundle = await build({
  entryPoints: [join(import.meta.dirname, '../src/worker.ts')],
  bundle: true,
  write: false,
  format: 'esm',
  conditions: ['workerd'],
  external: ['cloudflare:workers'],
})
const miniflare = new Miniflare(
  convertV4MiniflareOptions({
    modules: true,
    script: bundle.outputFiles[0]?.text ?? '',
    compatibilityDate: '2026-11-01',
    bindings: { SESSION_SECRET: 'only-for-tests-only-for-tests-only-for-tests' },
    durableObjects: {
      SESSIONS: { className: 'SessionObject', useSQLite: true },
      USERS: { className: 'UserObject', useSQLite: true },
    },
  }),
)
after(() => miniflare.dispose())

// The Worker listens on a port of this machine, and lends its bindings to this process.
const { origin } = await miniflare.ready
const env = await miniflare.getBindings<Env>()

function newBrowser(cookie = ''): TestBrowser {
  return new TestBrowser((request) => fetch(request), { origin, cookie })
}
// #endregion setup

test('shows what is in the cart', async () => {
  const cookie = await cookieFor(sessions, env, { data: { cart: ['apple'] } })
  const response = await miniflare.dispatchFetch('https://example.com/cart', {
    headers: { Cookie: cookie },
  })
  assert.deepEqual(await response.json(), ['apple'])
})

test('takes a payment only after two factors', async () => {
  const one = newBrowser(await cookieFor(sessions, env, { userId: 'ada' }))
  assert.equal((await one.fetch('/pay', { method: 'POST' })).status, 403)
  const two = newBrowser(await cookieFor(sessions, env, { userId: 'ada', aal: 2 }))
  assert.deepEqual(await two.json('/pay', { method: 'POST' }), { paidBy: 'ada' })
})

// #region timeout
test('a cart is forgotten after half an hour, and not before', async () => {
  // The Worker's clock is its own: it is the session that is made in the past.
  const cartOfMinutesAgo = async (minutes: number): Promise<unknown> => {
    mock.timers.enable({ apis: ['Date'], now: Date.now() - minutes * 60_000 })
    const cookie = await cookieFor(sessions, env, { data: { cart: ['apple'] } })
    mock.timers.reset()
    return newBrowser(cookie).json('/cart')
  }
  assert.deepEqual(await cartOfMinutesAgo(29), ['apple'])
  assert.deepEqual(await cartOfMinutesAgo(30), [])
})
// #endregion timeout

test('a stolen cookie opens nothing after a sign-out', async () => {
  const browser = newBrowser()
  await browser.fetch('/login', { method: 'POST' })
  const thief = browser.copy()
  assert.deepEqual(await thief.json('/account'), { user: 'ada', notice: 'Welcome, Ada.' })
  await browser.fetch('/sign-out', { method: 'POST' })
  assert.equal((await thief.fetch('/account')).status, 401)
})

test('the other devices are signed out from a list', async () => {
  const phone = newBrowser(await cookieFor(sessions, env, { userId: 'grace', label: 'phone' }))
  await sessions.user('grace', env).revokeAll()
  assert.equal((await phone.fetch('/account')).status, 401)
})
