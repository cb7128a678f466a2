import { runInDurableObject } from 'cloudflare:test'
import { env } from 'cloudflare:workers'
import { describe, expect, test } from 'vitest'

import { kvStore } from '../../src/store/kv.ts'
import { type App, type Handler, newApp } from '../support/app.ts'
import type { Browser } from '../support/browser.ts'

const COOKIE = '__Host-session'

/** A visitor whose record is damaged in the store. */
async function visitor(where: 'objects' | 'KV'): Promise<{ app: App; browser: Browser }> {
  const app = newApp(where === 'KV' ? { store: kvStore(env.SESSION_KV) } : {})
  const browser = app.browser()
  app.handler = async (session) => {
    await session.signIn('ada')
    session.set('a', 1)
    return session.id
  }
  const id = await browser.json<string>('/')
  if (where === 'KV') {
    const handle = (browser.cookies.get(COOKIE) ?? '').split('.')[2]?.slice(-48)
    await env.SESSION_KV.put(`session:${handle}`, 'damaged')
  } else {
    const stub = env.SESSIONS.get(env.SESSIONS.idFromString(id))
    await runInDurableObject(stub, (_, { storage }) => storage.kv.put('$', 'damaged'))
    await runInDurableObject(stub, (_, state) => state.abort('begin anew')).catch(() => undefined)
  }
  app.events.length = 0
  return { app, browser }
}

const USES: Record<string, [use: Handler, after: unknown]> = {
  'a read': [(session) => session.all(), {}],
  'a question who is signed in': [
    async (session) => {
      await session.load()
      return session.userId ?? null
    },
    {},
  ],
  'a blind write': [(session) => session.set('b', 2), { b: 2 }],
  regenerate: [(session) => session.regenerate(), {}],
  'a sign-in': [(session) => session.signIn('eve'), {}],
  destroy: [(session) => session.destroy(), {}],
}

describe.for(['objects', 'KV'] as const)('a damaged record on %s is an empty session', (where) => {
  test.for(Object.entries(USES))('to %s', async ([name, [use, after]]) => {
    const { app, browser } = await visitor(where)
    app.handler = use
    expect((await browser.fetch('/')).status).toBe(200)
    // What is destroyed need not be read.
    const isSaid = app.events.some(({ type }) => type === 'corrupt')
    expect(isSaid).toBe(name !== 'destroy')
    app.handler = (session) => session.all()
    expect(await browser.json('/')).toEqual(after)
  })
})

test('on objects an increment makes a new session, too', async () => {
  const { app, browser } = await visitor('objects')
  app.handler = (session) => session.increment('n')
  expect(await browser.json('/')).toBe(1)
  expect(await browser.json('/')).toBe(2)
  expect(app.events.map(({ type }) => type)).toEqual(['corrupt', 'created'])
})
