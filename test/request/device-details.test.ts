import { env } from 'cloudflare:workers'
import { expect, test } from 'vitest'

import { userIndex } from '../../src/store/user-index.ts'
import { newApp } from '../support/app.ts'

const cf = { country: 'PT' }

test('what a visitor sends of its device is listed, cut to a usual length', async () => {
  const app = newApp({ accounts: { index: userIndex(env.USERS) } })
  const userId = `user ${crypto.randomUUID()}`
  app.handler = (session) => session.signIn(userId, { label: 'l'.repeat(300) })
  await app.browser().fetch('/', { headers: { 'User-Agent': 'a'.repeat(1000) }, cf })
  const label = 'l'.repeat(256)
  expect(await app.sessions.user(userId, {}).list()).toMatchObject([
    { userAgent: 'a'.repeat(256), country: 'PT', label },
  ])
})

test('what the application tells of the device counts, not what the visitor sends', async () => {
  const app = newApp({ accounts: { index: userIndex(env.USERS) } })
  const userId = `user ${crypto.randomUUID()}`
  app.handler = (session) => session.signIn(userId, { userAgent: 'our app', country: 'BR' })
  await app.browser().fetch('/', { headers: { 'User-Agent': 'A phone' }, cf })
  expect(await app.sessions.user(userId, {}).list()).toMatchObject([
    { userAgent: 'our app', country: 'BR' },
  ])
})
