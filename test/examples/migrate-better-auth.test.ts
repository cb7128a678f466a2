import { betterAuth } from 'better-auth'
import { getMigrations } from 'better-auth/db/migration'
import { env } from 'cloudflare:workers'
import { beforeAll, expect, test } from 'vitest'

import worker from '../../examples/migrate/better-auth.ts'
import { post, whoIs } from '../support/auth-app.ts'
import { Browser } from '../support/browser.ts'
import { CONTEXT } from '../support/site.ts'

const bindings = { ...env, BETTER_AUTH_SECRET: 'the secret of the old application, long enough' }
const old = betterAuth({
  baseURL: 'https://app.example',
  secret: bindings.BETTER_AUTH_SECRET,
  database: env.DB,
  emailAndPassword: { enabled: true },
})

beforeAll(async () => {
  const { runMigrations } = await getMigrations(old.options)
  await runMigrations()
})

test('the Worker that follows an application with better-auth knows its users', async () => {
  const there = new Browser(async (request) => old.handler(request))
  const account = { email: `${crypto.randomUUID()}@app.example`, password: 'correct horse battery' }
  expect((await post(there, '/sign-up/email', { ...account, name: 'Zoë' })).status).toBe(200)
  const { user } = (await whoIs(there)) ?? {}
  const newVisitor = (): Browser => {
    const browser = new Browser(
      async (request) => (await worker.fetch(request, bindings, CONTEXT)) ?? new Response(null),
    )
    browser.cookies.addAll(there.cookies)
    return browser
  }
  const [browser, copy] = [newVisitor(), newVisitor()]
  expect(await browser.json('/')).toEqual({ user: user?.id })
  expect([...browser.cookies.keys()]).toEqual(['__Host-session'])
  await browser.fetch('/sign-out')
  expect(await browser.json('/')).toEqual({ user: null })
  expect(await copy.json('/')).toEqual({ user: null })

  expect((await post(there, '/sign-in/email', account)).status).toBe(200)
  const late = newVisitor()
  expect((await post(there, '/sign-out')).status).toBe(200)
  expect(await late.json('/')).toEqual({ user: null })
})
