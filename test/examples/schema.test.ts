import { env } from 'cloudflare:workers'
import { describe, expect, test } from 'vitest'

import { reports, sessions } from '../../examples/schema/migrate.ts'
import worker from '../../examples/schema/worker.ts'
import { createSessions } from '../../src/index.ts'
import { durableObjectStore } from '../../src/store/durable-object.ts'
import { Browser } from '../support/browser.ts'
import { CONTEXT } from '../support/site.ts'

describe('the Worker with a schema', () => {
  test('keeps a cart', async () => {
    const browser = new Browser((request) => worker.fetch(request, env, CONTEXT))
    expect(await browser.json('/')).toEqual({})
    expect(await browser.json('/?item=apple')).toEqual({ cart: ['apple'] })
    expect(await browser.json('/?item=pear')).toEqual({ cart: ['apple', 'pear'] })
  })
})

describe('the migration', () => {
  /** A browser whose session was written before there was a schema. */
  async function olderBrowser(data: Record<string, unknown>): Promise<Browser> {
    const before = createSessions({
      secrets: [env.SESSION_SECRET],
      store: durableObjectStore(env.SESSIONS),
    })
    const fill = before.withSession(({ session }) => {
      for (const [key, value] of Object.entries(data)) session.set(key, value)
      return null
    })
    const read = sessions.withSession(({ session }) => session.all())
    const browser = new Browser((request) =>
      request.method === 'POST' ? fill(request, env, CONTEXT) : read(request, env, CONTEXT),
    )
    await browser.fetch('/', { method: 'POST' })
    return browser
  }

  test('turns a name into a user', async () => {
    const browser = await olderBrowser({ name: 'Ada', theme: 'dark' })
    expect(await browser.json('/')).toEqual({ user: { name: 'Ada' }, theme: 'dark' })
    expect(await browser.json('/')).toEqual({ user: { name: 'Ada' }, theme: 'dark' })
  })

  test('has what it cannot mend reported', async () => {
    const browser = await olderBrowser({ name: 'Ada', theme: 'green' })
    reports.length = 0
    expect(await browser.json('/')).toEqual({ user: { name: 'Ada' } })
    expect(reports).toEqual([expect.stringMatching(/^[0-9a-f]{64}: dropped theme$/)])
  })
})
