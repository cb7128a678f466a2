import { env } from 'cloudflare:workers'
import { describe, expect, test } from 'vitest'

import express from '../../examples/migrate/express.ts'
import flask from '../../examples/migrate/flask.ts'
import { signInCookie, userOf } from '../../examples/migrate/shared-sign-in.ts'
import tornado from '../../examples/migrate/tornado.ts'
import { createSignedValue } from '../../src/migrate/tornado.ts'
import { Browser } from '../support/browser.ts'
import { CONTEXT } from '../support/site.ts'

// What a real Tornado and a real Express make of these is shown in test/node.

test('the Worker that follows a Tornado application knows its users', async () => {
  const bindings = { ...env, COOKIE_SECRET: 'the old secret' }
  const browser = new Browser((request) => tornado.fetch(request, bindings, CONTEXT))
  expect(await browser.json('/')).toMatchObject({ user: null })
  const now = Date.now() / 1000 - 100
  browser.cookies.set('user', await createSignedValue('the old secret', 'user', 'Ada', { now }))
  expect(await browser.json('/visit')).toBe('ok')
  expect(await browser.json('/')).toMatchObject({ user: 'Ada', theme: 'dark', visits: 1 })
  expect([...browser.cookies.keys()]).toEqual(['__Host-session'])
  await browser.fetch('/sign-out')
  expect(browser.cookies.size).toBe(0)
})

test('the Worker that follows an Express application asks it for nothing that is not signed', async () => {
  const texts = { EXPRESS_SECRET: 'a', EXPRESS_ORIGIN: 'http://127.0.0.1:1', EXPRESS_KEY: 'b' }
  const bindings = { ...env, ...texts }
  const browser = new Browser((request) => express.fetch(request, bindings, CONTEXT))
  browser.cookies.set('connect.sid', 's%3Aid.forged')
  expect(await browser.json('/cart')).toMatchObject({ user: null, cart: [] })
  expect((await browser.fetch('/')).status).toBe(404)
})

describe('the Worker that follows a Flask application', () => {
  /** What Flask 2.2 signs: flask/sessions.py. */
  async function flaskCookie(secret: string, data: object): Promise<string> {
    const hmac = async (
      key: Uint8Array<ArrayBuffer>,
      text: string,
    ): Promise<Uint8Array<ArrayBuffer>> => {
      const algorithm = { name: 'HMAC', hash: 'SHA-1' }
      const imported = await crypto.subtle.importKey('raw', key, algorithm, false, ['sign'])
      return new Uint8Array(await crypto.subtle.sign('HMAC', imported, bytes(text)))
    }
    const bytes = (text: string): Uint8Array<ArrayBuffer> =>
      new Uint8Array(new TextEncoder().encode(text))
    const base64 = (raw: Uint8Array): string =>
      raw.toBase64({ alphabet: 'base64url', omitPadding: true })
    const time = new Uint8Array(4)
    new DataView(time.buffer).setUint32(0, Date.now() / 1000)
    const signed = `${base64(bytes(JSON.stringify(data)))}.${base64(time)}`
    const key = await hmac(bytes(secret), 'cookie-session')
    return `${signed}.${base64(await hmac(key, signed))}`
  }

  const bindings = { ...env, SECRET_KEY: 'the old secret' }
  const newBrowser = (): Browser =>
    new Browser((request) => flask.fetch(request, bindings, CONTEXT))

  test('knows its users', async () => {
    const browser = newBrowser()
    const data = { user_id: `ada ${crypto.randomUUID()}` }
    browser.cookies.set('session', await flaskCookie('the old secret', data))
    expect(await browser.json('/')).toEqual({ user: data.user_id })
    expect([...browser.cookies.keys()]).toEqual(['__Host-session'])
    expect(await browser.json('/')).toEqual({ user: data.user_id })
  })

  test('leaves alone who is none, and what is forged', async () => {
    const anonymous = newBrowser()
    anonymous.cookies.set('session', await flaskCookie('the old secret', { cart: [1] }))
    expect(await anonymous.json('/')).toEqual({ user: null })
    expect([...anonymous.cookies.keys()]).toEqual(['session'])
    const forger = newBrowser()
    forger.cookies.set('session', await flaskCookie('a guess', { user_id: 'ada' }))
    expect(await forger.json('/')).toEqual({ user: null })
  })
})

test('the shared sign-in is read back, and only with its secrets', async () => {
  const secrets = { COOKIE_SECRETS: { 0: 'former', 1: 'present' }, KEY_VERSION: 1 }
  const setCookie = await signInCookie('Ada', secrets)
  expect(setCookie).toMatch(/^user=2\|1:1\|[^;]+; Path=\/; Max-Age=2592000; Secure; HttpOnly;/)
  const headers = { Cookie: setCookie.slice(0, setCookie.indexOf(';')) }
  const request = new Request('https://app.example', { headers })
  expect(await userOf(request, secrets)).toBe('Ada')
  const others = { ...secrets, COOKIE_SECRETS: { 0: 'former', 1: 'other' } }
  expect(await userOf(request, others)).toBe(undefined)
  expect(await userOf(new Request('https://app.example'), secrets)).toBe(undefined)
})
