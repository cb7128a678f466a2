import { describe, expect, test } from 'vitest'

import { csrfGuard, type CsrfOptions } from '../../src/guard/csrf.ts'
import { SessionError } from '../../src/index.ts'
import type { Browser } from '../support/browser.ts'
import { newSite, type Site } from '../support/site.ts'

const OWN = { Origin: 'https://app.example' }
const FOREIGN = { Origin: 'https://evil.app.example' }
/** What Chromium sends with a handshake, besides Origin and cookies. */
const UPGRADE = {
  Connection: 'Upgrade',
  Upgrade: 'websocket',
  'Sec-WebSocket-Key': 'dGhlIHNhbXBsZSBub25jZQ==',
  'Sec-WebSocket-Version': '13',
}

function socketSite(options: CsrfOptions = {}): Site {
  const site = newSite()
  site.routes['/socket'] = site.sessions.withSession(csrfGuard(options)(() => 'in'))
  return site
}

/** A visitor with a session. */
async function visitorOf(site: Site): Promise<Browser> {
  const browser = site.browser()
  await browser.fetch('/set')
  site.calls.length = 0
  site.events.length = 0
  return browser
}

async function statusOf(
  headers: Record<string, string>,
  options: CsrfOptions = {},
  method = 'GET',
): Promise<number> {
  const browser = await visitorOf(socketSite(options))
  return (await browser.fetch('/socket', { method, headers })).status
}

describe('a WebSocket handshake', () => {
  test.for([
    [{}, 200],
    [OWN, 200],
    [FOREIGN, 403],
    [{ Origin: 'http://app.example' }, 403],
    [{ Origin: 'https://app.example:8443' }, 403],
    [{ Origin: 'null' }, 403],
    [{ Origin: '' }, 403],
    [{ Origin: 'https://app.example, https://evil.example' }, 403],
    [{ Origin: 'https://pay.example' }, 200],
    [{ Origin: 'https://pay.example', 'Sec-Fetch-Site': 'cross-site' }, 200],
    [{ Origin: 'chrome-extension://abcdefghijklmnopabcdefghijklmnop' }, 200],
    [{ Origin: 'capacitor://localhost' }, 200],
    [{ Origin: 'capacitor://localhost.evil.example' }, 403],
    [{ ...OWN, 'Sec-Fetch-Site': 'same-origin' }, 200],
    [{ ...FOREIGN, 'Sec-Fetch-Site': 'same-site' }, 403],
    [{ ...FOREIGN, 'Sec-Fetch-Site': 'cross-site' }, 403],
    [{ 'Sec-Fetch-Site': 'cross-site' }, 403],
    [{ ...FOREIGN, 'Sec-Fetch-Site': 'none' }, 403],
    [{ ...OWN, 'Sec-Fetch-Site': 'none' }, 200],
  ] as const)(
    'with %j is answered by %i, by Origin or Sec-Fetch-Site alone',
    async ([headers, status]) => {
      const trustedOrigins = [
        'https://pay.example',
        'capacitor://localhost',
        'chrome-extension://abcdefghijklmnopabcdefghijklmnop',
      ]
      for (const requireToken of [false, true]) {
        const site = socketSite({ trustedOrigins, requireToken })
        const browser = await visitorOf(site)
        const response = await browser.fetch('/socket', { headers: { ...UPGRADE, ...headers } })
        expect(response.status).toBe(status)
        expect(response.headers.getSetCookie()).toEqual([])
        expect(site.calls).toEqual([])
        const refused = [{ type: 'refused', reason: 'cross-origin' }]
        expect(site.events).toMatchObject(status === 200 ? [] : refused)
        expect(await response.text()).toContain(status === 200 ? 'in' : 'ERR_CROSS_ORIGIN')
      }
    },
  )

  test.for([
    { Upgrade: 'websocket' },
    { Upgrade: 'WebSocket' },
    { Upgrade: 'WEBSOCKET' },
    { Upgrade: 'h2c, websocket' },
    { Upgrade: 'websocket,h2c' },
    { Upgrade: 'h2c,\twebsocket/13 , tls/1.0' },
    { 'Sec-WebSocket-Key': 'dGhlIHNhbXBsZSBub25jZQ==' },
    // Without Upgrade and key, as in the extended CONNECT of HTTP/2.
    { 'Sec-WebSocket-Version': '13' },
    { 'Sec-Fetch-Mode': 'websocket' },
  ])('is known by %j', async (headers) => {
    expect(await statusOf({ ...headers, ...FOREIGN })).toBe(403)
    expect(await statusOf({ ...headers, ...OWN })).toBe(200)
  })

  test.for([
    {},
    { Upgrade: 'h2c' },
    { Upgrade: 'websocketish' },
    { Upgrade: 'not-websocket' },
    { 'Sec-Fetch-Mode': 'cors', 'Sec-Fetch-Site': 'cross-site' },
    // An EventSource is read by the rules of CORS.
    { Accept: 'text/event-stream', 'Sec-Fetch-Site': 'cross-site' },
  ])('is not what a GET with %j asks for', async (headers) => {
    expect(await statusOf({ ...headers, ...FOREIGN })).toBe(200)
  })

  test('needs no token, and excuses no POST from one', async () => {
    expect(await statusOf(UPGRADE)).toBe(200)
    expect(await statusOf(UPGRADE, { requireToken: true })).toBe(200)
    expect(await statusOf(UPGRADE, {}, 'POST')).toBe(403)
    expect(await statusOf({ ...UPGRADE, ...OWN }, { requireToken: true }, 'POST')).toBe(403)
  })

  test('of a visitor without a session is refused, too', async () => {
    const browser = socketSite().browser()
    const headers = { ...UPGRADE, ...FOREIGN }
    expect((await browser.fetch('/socket', { headers })).status).toBe(403)
  })
})

describe('behind a Worker that has replaced the address, with the browser’s Host,', () => {
  const FRONT = { Host: 'www.shop.example' }

  test.for([
    [{ Origin: 'https://www.shop.example' }, 200],
    [{ Origin: 'https://app.example' }, 200],
    [{ Origin: 'http://www.shop.example' }, 403],
    [{ Origin: 'https://www.shop.example:8443' }, 403],
    [{ Origin: 'https://evil.shop.example' }, 403],
    [{ Origin: 'null' }, 403],
  ] as const)('a page of %j gets %i, for its socket and its form', async ([headers, status]) => {
    expect(await statusOf({ ...FRONT, ...UPGRADE, ...headers })).toBe(status)
    expect(await statusOf({ ...FRONT, ...headers }, {}, 'POST')).toBe(status)
  })

  test('no other header can stand for it', async () => {
    const names = ['X-Forwarded-Host', 'Forwarded', 'X-Original-Host', 'MF-Original-Hostname']
    for (const name of names) {
      const headers = { [name]: 'evil.example', Origin: 'https://evil.example' }
      expect(await statusOf({ ...UPGRADE, ...headers })).toBe(403)
    }
  })

  test('a Host that is none refuses, and is no error', async () => {
    for (const host of ['', ':', 'a b', '/']) {
      expect(await statusOf({ ...UPGRADE, ...FOREIGN, Host: host })).toBe(403)
      expect(await statusOf({ ...UPGRADE, ...OWN, Host: host })).toBe(200)
    }
  })
})

test.for(['wss://app.example', 'ws://app.example', 'file://x', 'null', 'capacitor://localhost/'])(
  '%j is no origin of a page',
  (origin) => {
    expect(() => csrfGuard({ trustedOrigins: [origin] })).toThrow(SessionError)
  },
)
