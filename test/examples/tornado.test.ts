import { env } from 'cloudflare:workers'
import { expect, test } from 'vitest'

import worker, { loads } from '../../examples/tornado/worker.ts'
import { TestBrowser } from '../../src/testing.ts'
import { CONTEXT } from '../support/site.ts'

function newBrowser(): TestBrowser {
  return new TestBrowser((request) => worker.fetch(request, env, CONTEXT))
}

function form(fields: Record<string, string>): RequestInit {
  return { method: 'POST', body: new URLSearchParams(fields) }
}

test('an application of Tornado, line by line: sign in, a message once, the user once a request, sign out', async () => {
  const browser = newBrowser()
  const stranger = await browser.fetch('/?tab=2')
  expect(stranger.status).toBe(302)
  expect(stranger.headers.get('Location')).toBe('/login?next=%2F%3Ftab%3D2')
  const login = await browser.fetch('/login?next=%2F%3Ftab%3D2', form({ name: 'ada' }))
  expect([login.status, login.headers.get('Location')]).toEqual([303, '/?tab=2'])
  loads.length = 0
  const first = await browser.fetch('/?tab=2')
  expect(await first.text()).toBe('Hello Ada Lovelace. You are signed in.')
  expect(loads).toEqual(['ada'])
  expect(await (await browser.fetch('/')).text()).toBe('Hello Ada Lovelace. ')
  browser.cookies.set('language', 'en')
  const logout = await browser.fetch('/logout', { method: 'POST' })
  expect(logout.status).toBe(303)
  expect(browser.cookies.size).toBe(0)
  expect((await browser.fetch('/')).status).toBe(302)
})

test('the page of somebody who is not signed in cannot be posted to from another site', async () => {
  const browser = newBrowser()
  const forged = await browser.fetch('/login', { ...form({ name: 'ada' }), from: 'cross-site' })
  expect(forged.status).toBe(403)
  expect((await browser.fetch('/login', form({ name: 'mallory' }))).status).toBe(403)
})

test('a sign-in leads to no other site', async () => {
  const browser = newBrowser()
  const login = await browser.fetch('/login?next=//evil.example', form({ name: 'ada' }))
  expect(login.headers.get('Location')).toBe('/')
})

test('a cookie of another domain is cleared with it', async () => {
  const response = await newBrowser().fetch('/forget-language', { method: 'POST' })
  expect(response.headers.getSetCookie()).toEqual([
    'language=; Max-Age=0; Domain=example.com; Path=/; HttpOnly; SameSite=Lax',
  ])
})
