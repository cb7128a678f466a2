import { expect, test } from 'vitest'

import { requireUser } from '../../src/guard/require-user.ts'
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
