import { expect, test } from 'vitest'

import { adopting } from '../../src/adopt.ts'
import { bound } from '../../src/bound.ts'
import { adoption } from '../../src/migrate/adoption.ts'
import { BINDING_STORES, boundApp, deviceOf } from '../support/bound-app.ts'

test.for([...BINDING_STORES])(
  'a device registers by the answer to a request that joined an adopted session, on the %s store',
  async ([, options]) => {
    const old = adoption({
      name: 'old',
      verify: (text: string) => ({ value: text, identity: text }),
      load: (userId: string) => ({ userId }),
    })
    const app = boundApp({ ...options, use: [bound(), adopting(old)] })
    app.handler = async (session) => {
      await session.load()
      return session.binding
    }
    const browser = app.browser()
    browser.cookies.set('old', crypto.randomUUID())
    // This answer is lost.
    expect(await browser.copy().json('/')).toBe('pending')
    app.now += 5
    const response = await browser.fetch('/')
    const device = deviceOf(browser)
    expect((await device.register(response)).status).toBe(200)
    expect(await browser.json('/')).toBe('bound')
    app.now += 1
    expect((await device.refresh()).status).toBe(200)
  },
)
