import { env } from 'cloudflare:workers'
import { describe, expect, test } from 'vitest'
import { z } from 'zod'

import { bound, type BoundMethods } from '../../src/bound.ts'
import { createSessions, type Session } from '../../src/index.ts'
import { checked } from '../../src/schema.ts'
import { cached } from '../../src/store/cached.ts'
import { durableObjectStore } from '../../src/store/durable-object.ts'
import { userIndex } from '../../src/store/user-index.ts'
import { newLiveSite, openSocket } from '../live/support.ts'
import type { AppOptions } from '../support/app.ts'
import { BINDING_STORES, boundApp, boundVisitor, deviceOf, signIn } from '../support/bound-app.ts'
import { bindingOf, isLetIn, run } from '../support/bound-checks.ts'
import { Browser } from '../support/browser.ts'

describe.for([...BINDING_STORES])('on the %s store', ([, options]) => {
  test('the application sees nothing of the binding in its data', async () => {
    const app = boundApp(options)
    const { browser, device } = await boundVisitor(app)
    app.handler = async (session) => [
      await session.all(),
      await session.keys(),
      await session.has('bound'),
      (await session.get('#bound')) ?? null,
      await session.flashes(),
    ]
    expect(await browser.json('/')).toEqual([{}, [], false, null, {}])
    await run(app, browser, (session) => {
      session.clear()
      session.set('#bound', 1)
      session.set('bound', 2)
    })
    expect(await isLetIn(app, browser)).toBe(true)
    await run(app, browser, async (session) => {
      session.delete('#bound')
      await session.take('bound')
      session.clear()
    })
    expect(await bindingOf(app, browser)).toEqual(['ada', 'bound'])
    expect((await device.refresh()).status).toBe(200)
  })

  test('a schema that refuses unknown keys sees nothing of it', async () => {
    const schema = { data: checked(z.strictObject({ cart: z.string() })) } as AppOptions
    const app = boundApp({ ...options, ...schema })
    const { browser } = await boundVisitor(app)
    await run(app, browser, (session) => session.set('cart', 'a'))
    app.handler = (session) => session.all()
    expect(await browser.json('/')).toEqual({ cart: 'a' })
    expect(app.events).toEqual([])
    expect(await bindingOf(app, browser)).toEqual(['ada', 'bound'])
  })
})

test('a list of the user’s sessions says which are bound', async () => {
  const app = boundApp({ accounts: { index: userIndex(env.USERS) } })
  const userId = crypto.randomUUID()
  await signIn(app, userId)
  await boundVisitor(app, userId)
  const list = await app.sessions.user(userId, env).list()
  expect(list.map(({ isBound }) => isBound).toSorted()).toEqual([false, true])
})

test('a page that watches the session is told no key of the binding', async () => {
  const site = newLiveSite({}, { use: [bound()] })
  const browser = site.browser()
  site.handler = (session) => session.signIn('ada')
  const response = await browser.fetch('/')
  const listener = await openSocket(browser)
  const device = deviceOf(browser)
  expect((await device.register(response)).status).toBe(200)
  expect((await device.refreshed()).status).toBe(200)
  await site.run(browser, (session) => session.set('theme', 'dark'))
  await listener.until(1)
  expect(JSON.stringify(listener.heard)).not.toContain('bound')
  expect(listener.heard).toHaveLength(1)
  listener.close()
})

test('without accounts() nothing is ever bound', async () => {
  const { withSession } = createSessions({
    secrets: [env.SESSION_SECRET],
    store: cached(durableObjectStore(env.BINDING), { maxAgeSeconds: 30 }),
    use: [bound()],
  })
  const fetch = withSession(async ({ session }: { session: Session & BoundMethods }) => {
    session.set('a', 1)
    await session.commit()
    await session.load()
    return session.binding
  })
  const browser = new Browser((request) => fetch(request, env, {} as never))
  const response = await browser.fetch('/')
  expect(response.headers.get('Secure-Session-Registration')).toBeNull()
  expect(await response.json()).toBe('none')
  expect((await browser.fetch('/dbsc/register', { method: 'POST' })).status).toBe(400)
})
