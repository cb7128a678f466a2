import { secretbox } from '@noble/ciphers/salsa.js'
import { expect, test } from 'vitest'

import { secureSessionCookie } from '../../src/migrate/fastify-secure-session.ts'
import { secureSessionText } from '../support/secure-session-text.ts'
import { newMovedApp, visitorWith } from './moved.ts'

interface Old {
  readonly user: string
  readonly session?: string
}

const KEY = new Uint8Array(32).fill(7)
const adoption = secureSessionCookie({
  name: 'session',
  key: () => [new Uint8Array(32).fill(8), KEY],
  secretbox,
  load: ({ user }: Old) => ({ data: { user } }),
  identity: ({ session }) => session,
})

/** What @fastify/secure-session sets, which needs Node. */
function setCookies(data: Old, key = KEY, changedAt = Math.round(Date.now() / 1000)): string[] {
  const text = secureSessionText(JSON.stringify({ ...data, __ts: changedAt }), key)
  return [`session=${encodeURIComponent(text)}; Path=/; HttpOnly`]
}

test('a session of @fastify/secure-session begins one of ours, once, and is cleared', async () => {
  const app = newMovedApp(adoption)
  const browser = visitorWith(app, setCookies({ user: 'Zoë' }))
  const copy = browser.copy()
  expect(await browser.json('/')).toEqual({ data: { user: 'Zoë' }, flash: {} })
  expect([...browser.cookies.keys()]).toEqual(['__Host-session'])
  app.handler = (session) => session.destroy()
  await browser.fetch('/')
  app.handler = (session) => session.all()
  expect(await copy.json('/')).toEqual({})
  expect(copy.cookies.size).toBe(0)
})

test('one that is signed besides is a replay of the same one without its signature', async () => {
  const app = newMovedApp(adoption)
  app.handler = async (session) => [await session.get('user'), session.id]
  const [cookie = ''] = setCookies({ user: 'Zoë' })
  const first = await visitorWith(app, [cookie]).json('/')
  const signed = cookie.replace('; Path', '.c2lnbmF0dXJl; Path')
  expect(await visitorWith(app, [signed]).json('/')).toEqual(first)
})

test('every cookie with the same identity leads to one session', async () => {
  const app = newMovedApp(adoption)
  app.handler = async (session) => [await session.get('user'), session.id]
  const data = { user: 'Ada', session: crypto.randomUUID() }
  const first = await visitorWith(app, setCookies(data)).json('/')
  expect(await visitorWith(app, setCookies(data)).json('/')).toEqual(first)
  expect(await visitorWith(app, setCookies({ user: 'Ada' })).json('/')).not.toEqual(first)
})

test('a forged or expired one leaves the visitor anonymous, and the cookie as it was', async () => {
  const app = newMovedApp(adoption)
  for (const cookies of [
    setCookies({ user: 'Eve' }, new Uint8Array(32).fill(9)),
    setCookies({ user: 'Eve' }, KEY, Math.round(Date.now() / 1000) - 86_402),
  ]) {
    const browser = visitorWith(app, cookies)
    expect(await browser.json('/')).toEqual({ data: {}, flash: {} })
    expect([...browser.cookies.keys()]).toEqual(['session'])
  }
  expect(app.calls).toEqual([])
})
