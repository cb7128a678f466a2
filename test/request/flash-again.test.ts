import { env } from 'cloudflare:workers'
import { expect, test } from 'vitest'

import { kvStore } from '../../src/store/kv.ts'
import { newApp } from '../support/app.ts'

/** A message that takes the place of one that was just shown, by its name. */
const AGAIN = {
  'in the same session': async () => undefined,
  'after a sign-out': async (signOut: () => Promise<void>) => signOut(),
}

test.for(Object.entries(AGAIN))(
  'on KV, a new message that cannot be stored is a 503, though one of its name was shown: %s',
  async ([, before]) => {
    const store = kvStore(env.SESSION_KV)
    let isDown = false
    const fail = <T>(call: () => T): T => {
      if (isDown) throw new Error('down')
      return call()
    }
    const app = newApp({
      store: {
        ...store,
        write: (...call) => fail(() => store.write(...call)),
        create: (...call) => fail(() => store.create(...call)),
      },
    })
    const browser = app.browser()
    app.handler = async (session) => {
      await session.signIn('ada')
      session.flash('notice', 'first')
    }
    await browser.fetch('/')
    app.now += 2000
    app.handler = async (session) => {
      expect(await session.flashes()).toEqual({ notice: 'first' })
      await before(() => session.signOut())
      session.flash('notice', 'second')
      isDown = true
    }
    expect((await browser.fetch('/')).status).toBe(503)
  },
)
