import { expect, test } from 'vitest'

import { newApp } from '../support/app.ts'
import { world } from '../support/worlds.ts'

const MINUTES_BEHIND = [0, 2, 5]

// On KV the previous token keeps its session for a minute, so nothing is late.
test.skipIf(world().isKv).for(MINUTES_BEHIND)(
  'a token rotated by a Worker whose clock is %i minutes behind keeps its cookie when a write is late',
  async (minutes) => {
    const app = newApp()
    const browser = app.browser()
    app.handler = (session) => session.set('a', 1)
    await browser.fetch('/')
    const other = browser.copy()
    app.events.length = 0
    app.handler = async (session) => {
      await session.get('a')
      app.now -= minutes * 60_000
      app.handler = (its) => its.regenerate()
      await other.fetch('/')
      app.now += minutes * 60_000
      session.set('a', 2)
    }
    const response = await browser.fetch('/')
    expect(response.status).toBe(409)
    expect(response.headers.getSetCookie()).toEqual([])
    expect(app.events.at(-1)).toMatchObject({ type: 'late-write', reason: 'rotated' })
  },
)
