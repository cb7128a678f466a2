import { env } from 'cloudflare:workers'
import { expect, test } from 'vitest'

import { kvStore } from '../../src/store/kv.ts'
import { newApp } from '../support/app.ts'

const CONTEXT = { waitUntil: () => undefined, passThroughOnException: () => undefined }

test('inner wrappers on KV leave the write to the outermost one, which writes once', async () => {
  const app = newApp({ store: kvStore(env.SESSION_KV) })
  const inner = app.sessions.withSession(({ session }) => {
    session.set('inner', 1)
    return 'ok'
  })
  app.handler = async (session, request) => {
    session.set('outer', 1)
    await inner(request, {}, CONTEXT)
    session.set('after', 1)
  }
  const browser = app.browser()
  await browser.fetch('/')
  expect(app.calls).toEqual(['create'])
  app.handler = (session) => session.all()
  expect(await browser.json('/')).toEqual({ outer: 1, inner: 1, after: 1 })
})

test('of two inner wrappers at once, one that fails after the other drops its own changes', async () => {
  const app = newApp()
  const gate = Promise.withResolvers<undefined>()
  const first = app.sessions.withSession(({ session }) => {
    session.set('first', 1)
    return 'ok'
  })
  const second = app.sessions.withSession(async ({ session }) => {
    await gate.promise
    session.set('second', 1)
    throw new Error('second')
  })
  app.handler = async (session, request) => {
    session.set('outer', 1)
    const answering = first(request, {}, CONTEXT)
    const failing = second(request, {}, CONTEXT)
    await answering
    gate.resolve(undefined)
    await failing.catch(() => undefined)
  }
  const browser = app.browser()
  expect((await browser.fetch('/')).status).toBe(200)
  app.handler = (session) => session.all()
  expect(await browser.json('/')).toEqual({ outer: 1, first: 1 })
})

test('what an inner wrapper clears is cleared when it answers', async () => {
  const app = newApp()
  const browser = app.browser()
  app.handler = (session) => session.set('stored', 1)
  await browser.fetch('/')
  const reading = browser.copy()
  const inner = app.sessions.withSession(({ session }) => {
    session.clear()
    return 'ok'
  })
  let seen: unknown
  app.handler = async (session, request) => {
    session.set('outer', 1)
    await inner(request, {}, CONTEXT)
    app.handler = (other) => other.all()
    seen = await reading.json('/')
  }
  await browser.fetch('/')
  expect(seen).not.toHaveProperty('stored')
})
