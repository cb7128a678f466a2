import assert from 'node:assert/strict'
import { test } from 'node:test'

import { createSessions } from 'edge-session'
import { memoryStore } from 'edge-session/store/memory'
import { cookieFor, TestBrowser } from 'edge-session/testing'

let now = Date.now()

const sessions = createSessions<{ visits: number }>({
  secrets: ['only-for-tests-only-for-tests-only-for-tests'],
  store: memoryStore(),
  now: () => now,
})

const context = { waitUntil: (): void => undefined, passThroughOnException: (): void => undefined }
const fetch = sessions.withSession(({ session }) => session.increment('visits'))

test('counts visits for twelve hours, and then from the beginning', async () => {
  const cookie = await cookieFor(sessions, {}, { data: { visits: 41 } })
  const browser = new TestBrowser((request) => fetch(request, {}, context), { cookie })
  assert.equal(await browser.json('/'), 42)
  now += 12 * 60 * 60_000
  assert.equal(await browser.json('/'), 1)
})
