import { getMigrations } from 'better-auth/db/migration'
import { beforeAll, expect, test } from 'vitest'

import app, { auth } from '../../examples/adapters/better-auth.ts'
import { post, whoIs } from '../support/auth-app.ts'
import { Browser } from '../support/browser.ts'

/** A browser with an address, as Cloudflare tells it. */
const newBrowser = (): Browser =>
  new Browser(async (request) => {
    request.headers.set('cf-connecting-ip', '203.0.113.1')
    return app.fetch(request)
  })

beforeAll(async () => {
  const { runMigrations } = await getMigrations(auth.options)
  await runMigrations()
})

test('somebody signs up, in, and out, with users in D1 and sessions in objects', async () => {
  const email = `${crypto.randomUUID()}@app.example`
  const password = 'correct horse battery staple'
  const [laptop, phone] = [newBrowser(), newBrowser()]
  expect(await laptop.json('/me')).toEqual({ name: 'nobody' })
  expect((await post(laptop, '/sign-up/email', { email, password, name: 'Ada' })).status).toBe(200)
  expect(await laptop.json('/me')).toEqual({ name: 'Ada' })
  expect((await post(phone, '/sign-in/email', { email, password: 'wrong' })).status).toBe(401)
  expect((await post(phone, '/sign-in/email', { email, password })).status).toBe(200)
  expect(await laptop.json('/api/auth/list-sessions')).toHaveLength(2)

  const [former, token] = [laptop.copy(), (await whoIs(laptop))?.session.token]
  expect((await post(laptop, '/sign-out')).status).toBe(200)
  expect(await laptop.json('/me')).toEqual({ name: 'nobody' })
  expect(await former.json('/me')).toEqual({ name: 'nobody' })
  const left = await phone.json<{ token: string }[]>('/api/auth/list-sessions')
  expect(left.map((session) => session.token)).toEqual([(await whoIs(phone))?.session.token])
  expect(left[0]?.token).not.toBe(token)
})
