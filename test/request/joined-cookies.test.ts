import { describe, expect, test } from 'vitest'

import { adopting } from '../../src/adopt.ts'
import { clearAllCookies, clearCookie } from '../../src/codec/clear-cookies.ts'
import { adoption } from '../../src/migrate/adoption.ts'
import { signedValue } from '../../src/migrate/express.ts'
import { macKey } from '../../src/migrate/mac-key.ts'
import { memoryStore } from '../../src/store/memory.ts'
import { type App, newApp } from '../support/app.ts'
import { newMovedApp } from '../support/old-app.ts'
import { CONTEXT } from '../support/site.ts'

/** A request with these Cookie headers, which workerd joins by a comma. */
function requestWith(...cookies: readonly string[]): Request {
  const headers = new Headers()
  for (const cookie of cookies) headers.append('Cookie', cookie)
  return new Request('https://app.example/', { headers })
}

async function answerTo(app: App, request: Request): Promise<unknown> {
  const fetch = app.sessions.withSession(async ({ session }) => session.all())
  return (await fetch(request, {}, CONTEXT)).json()
}

async function visitor(app: App): Promise<string> {
  const browser = app.browser()
  app.handler = (session) => session.set('a', 1)
  await browser.fetch('/')
  app.events.length = 0
  return browser.cookieHeader()
}

test('workerd joins two Cookie headers by a comma', () => {
  expect(requestWith('a=1', 'b=2').headers.get('Cookie')).toBe('a=1, b=2')
})

describe('of two joined Cookie headers', () => {
  test('the first has the session, however many pairs each has', async () => {
    const app = newApp()
    const cookie = await visitor(app)
    for (const cookies of [
      [cookie, 'theme=dark'],
      [`lang=de; ${cookie}`, 'theme=dark; x=1'],
      [`${cookie}; lang=de`, 'theme=dark'],
    ]) {
      expect(await answerTo(app, requestWith(...cookies))).toEqual({ a: 1 })
    }
    expect(app.events).toEqual([])
  })

  test('the second is not read, since a subdomain can write the same into a value', async () => {
    const app = newApp()
    const cookie = await visitor(app)
    const planted = await visitor(app)
    expect(await answerTo(app, requestWith('theme=dark', cookie))).toEqual({})
    expect(await answerTo(app, requestWith(`x=1, ${planted}; ${cookie}`))).toEqual({ a: 1 })
    expect(await answerTo(app, requestWith(`${cookie}; x=1, ${planted}`))).toEqual({ a: 1 })
    expect(app.events).toEqual([])
  })

  test('the first has the old cookie that becomes a session', async () => {
    const app = newMovedApp(memoryStore())
    const browser = await app.visitor('Ada')
    const old = browser.cookieHeader()
    expect(await answerTo(app, requestWith('theme=dark', old))).toEqual({})
    const quoted = old.replace(/=(.*)/, '="$1"')
    expect(await answerTo(app, requestWith(quoted, 'theme=dark'))).toEqual({ name: 'Ada' })
  })

  test('an old cookie of a reader of its own is tried with its comma first', async () => {
    const own = adoption<unknown, { data: { name: string } }>({
      name: 'old',
      verify: (text) => (/^ok,?\w*$/.test(text) ? { value: text, identity: text } : undefined),
      load: (value) => ({ data: { name: value } }),
    })
    const app = newApp({ store: memoryStore(), use: [adopting(own)] })
    expect(await answerTo(app, requestWith('old=ok,2'))).toEqual({ name: 'ok,2' })
    expect(await answerTo(app, requestWith('old=ok', 'theme=dark'))).toEqual({ name: 'ok' })
    expect(await answerTo(app, requestWith('old=no', 'old=ok'))).toEqual({})
  })

  test('a signed cookie of Express is read from the first', async () => {
    const secret = 'keyboard cat'
    const mac = await crypto.subtle.sign(
      'HMAC',
      await macKey('SHA-256', secret),
      new TextEncoder().encode('id'),
    )
    const signed = `id.${btoa(String.fromCharCode(...new Uint8Array(mac))).replace(/=+$/, '')}`
    const cookie = `sid=${encodeURIComponent(`s:${signed}`)}`
    expect(await signedValue(`${cookie}, theme=dark`, 'sid', secret)).toBe('id')
    expect(await signedValue(`theme=dark, ${cookie}`, 'sid', secret)).toBe(undefined)
  })

  test('only names that are no part of a value are cleared', () => {
    expect(clearAllCookies(requestWith('a=1', 'b=2; c=3'))).toEqual([
      clearCookie('a'),
      clearCookie('c'),
    ])
  })
})
