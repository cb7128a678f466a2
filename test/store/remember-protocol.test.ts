import { env } from 'cloudflare:workers'
import { describe, expect, test } from 'vitest'

import { remembering } from '../../src/remember.ts'
import { durableObjectStore } from '../../src/store/durable-object.ts'
import * as former from '../fixtures/protocol-1.mjs'
import { type App, newApp } from '../support/app.ts'
import { Visitor, who } from '../support/visitor.ts'

const DAY = 24 * 3_600_000
const CONTEXT = { waitUntil: () => undefined, passThroughOnException: () => undefined }

/** An application of both versions over the same objects, and a visitor who is signed in and remembered. */
async function rememberedOver(namespace: typeof env.SESSIONS): Promise<{
  readonly app: App
  readonly visitor: Visitor
  /** Visits a Worker of the former version with the same cookie, and keeps its answer's. */
  readonly visitFormer: (handler: (session: former.FormerSession) => unknown) => Promise<unknown>
}> {
  const app = newApp({
    store: durableObjectStore(namespace),
    accounts: { remember: remembering() },
  })
  const visitor = new Visitor(app)
  await visitor.visit((session) => session.signIn('ada', { remember: true }))
  let handle: (session: former.FormerSession) => unknown = () => undefined
  const layer = former.createSessions({
    secrets: [env.SESSION_SECRET],
    store: former.durableObjectStore(namespace),
    now: () => app.now,
  })
  const fetch = layer.withSession(async ({ session }) => (await handle(session)) ?? null)
  const { browser } = visitor
  return {
    app,
    visitor,
    async visitFormer(handler) {
      handle = handler
      const headers = { Cookie: browser.cookieHeader() }
      const response = await fetch(new Request('https://example.com/', { headers }), {}, CONTEXT)
      expect(response.status).toBe(200)
      for (const setting of response.headers.getSetCookie())
        browser.cookies.keep(setting, new URL('https://example.com/'))
      return response.json()
    },
  }
}

const formerWho = async (session: former.FormerSession): Promise<unknown> => {
  await session.all()
  return session.userId ?? 'nobody'
}

describe('a remembered session and a Worker of the former version', () => {
  test('which serves it as long as the object says, and ends it by no timeout of its own', async () => {
    const { app, visitor, visitFormer } = await rememberedOver(env.SESSIONS)
    app.now += 10 * DAY
    expect(await visitFormer(formerWho)).toBe('ada')
    await visitFormer((session) => session.set('a', 1))
    app.now += 10 * DAY
    expect(await visitor.visit(who)).toBe('ada')
    expect(await visitor.visit((session) => session.all())).toEqual({ a: 1 })
  })

  test('which rotates its token', async () => {
    const { app, visitor, visitFormer } = await rememberedOver(env.SESSIONS)
    await visitFormer((session) => session.regenerate())
    app.now += 10 * DAY
    expect(await visitor.visit(who)).toBe('ada')
  })
})

test('an object of the former version keeps a remembered session by the timeouts of the layer', async () => {
  const { app, visitor } = await rememberedOver(env.FORMER_SESSIONS)
  expect(visitor.maxAge).toBe((30 * DAY) / 1000)
  app.now += 29 * 60_000
  expect(await visitor.visit(who)).toBe('ada')
  app.now += DAY
  expect(await visitor.visit(who)).toBe('nobody')
})
