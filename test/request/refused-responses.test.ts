import { expect, test } from 'vitest'

import { requireUser } from '../../src/guard/require-user.ts'
import type { RefusalHandler } from '../../src/index.ts'
import { memoryStore } from '../../src/store/memory.ts'
import { newApp } from '../support/app.ts'

const ORIGIN = 'https://app.example/'

test('a response of onRefused that is returned to two requests is sent to one, and the other gets the default', async () => {
  const shared = new Response('refused', { status: 401 })
  const app = newApp({ store: memoryStore(), onRefused: () => shared })
  const fetch = app.sessions.withSession(requireUser()(() => 'in'))
  const responses = await Promise.all([
    fetch(new Request(ORIGIN), {}),
    fetch(new Request(ORIGIN), {}),
  ])
  expect(responses.map(({ status }) => status)).toEqual([401, 401])
  const [first, second] = await Promise.all(responses.map(async (response) => response.text()))
  expect(first).toBe('refused')
  expect(second).toContain('ERR_SIGN_IN')
  expect(app.events.map(({ type }) => type)).toEqual(['refusal-failed'])
})

test.for([
  [{ Accept: 'application/json, text/html;q=0.5' }, 'application/problem+json'],
  [{ Accept: 'text/html, application/vnd.api+json' }, 'application/problem+json'],
  [{ Accept: 'text/html, application/json', 'Sec-Fetch-Mode': 'navigate' }, 'text/html'],
  [{ Accept: 'text/html, */*;q=0.1' }, 'text/html'],
  [{ Accept: 'application/xhtml+xml' }, 'text/html'],
  [{ Accept: 'Text/HTML' }, 'text/html'],
] as const)('the default for %j is %s', async ([headers, type]) => {
  const app = newApp({ store: memoryStore() })
  const fetch = app.sessions.withSession(requireUser()(() => 'in'))
  for (const method of ['GET', 'HEAD', 'POST']) {
    // oxlint-disable-next-line no-await-in-loop
    const response = await fetch(new Request(ORIGIN, { method, headers }), {})
    expect(response.headers.get('Content-Type')).toContain(type)
  }
})

test('a problem that onRefused changes before it fails is unchanged in the default', async () => {
  const onRefused: RefusalHandler = (problem) => {
    Object.assign(problem, { detail: 'Geht nicht.', status: 200 })
    throw new Error('no template')
  }
  const app = newApp({ store: memoryStore(), onRefused })
  const fetch = app.sessions.withSession(requireUser()(() => 'in'))
  const response = await fetch(new Request(ORIGIN), {})
  expect(await response.json()).toMatchObject({ status: 401, detail: 'Sign in first.' })
  expect(response.status).toBe(401)
})

test('a redirect of onRefused has no body, and can be returned to all', async () => {
  const shared = Response.redirect(`${ORIGIN}login`, 303)
  const app = newApp({ store: memoryStore(), onRefused: () => shared })
  const fetch = app.sessions.withSession(requireUser()(() => 'in'))
  for (let round = 0; round < 2; round += 1) {
    // oxlint-disable-next-line no-await-in-loop
    const { status, headers } = await fetch(new Request(ORIGIN), {})
    expect([status, headers.get('Location')]).toEqual([303, `${ORIGIN}login`])
  }
  expect(app.events).toEqual([])
})

test.for([
  ['its own', { 'Retry-After': '60' }, '60'],
  ['the default, if it has none', {}, '5'],
] as const)('a 503 of onRefused has %s Retry-After', async ([, headers, wanted]) => {
  const broken = { ...memoryStore(), create: () => Promise.reject(new Error('no store')) }
  const onRefused: RefusalHandler = ({ status }) => new Response('later', { status, headers })
  const app = newApp({ store: broken, onRefused })
  app.handler = (session) => session.increment('n')
  const response = await app.browser().fetch('/')
  expect([response.status, response.headers.get('Retry-After')]).toEqual([503, wanted])
  expect(await response.text()).toBe('later')
})
