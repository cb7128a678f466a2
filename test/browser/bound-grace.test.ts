import assert from 'node:assert/strict'
import * as runner from 'node:test'

import { it } from '../node/suite.ts'
import { BoundWorld, SKIP } from './bound-world.ts'

const TRIES = 8

// The browser registers while these requests are under way: they have no cookie of the device, and often find the session
// bound. Without the grace, about half of the pages and nearly all of the scripts are refused.
void runner.describe('just after a sign-in, Chromium', { skip: SKIP }, () => {
  let world: BoundWorld

  runner.before(async () => {
    world = await BoundWorld.start()
  })
  runner.after(() => world.stop())

  it('gets into the guarded page that the sign-in leads to', async () => {
    for (let count = 0; count < TRIES; count += 1) {
      // oxlint-disable-next-line no-await-in-loop
      const profile = await world.newProfile()
      // oxlint-disable-next-line no-await-in-loop
      assert.match(await profile.goto('app.test/sign-in?user=ada&next=/new'), /^ada /)
      // oxlint-disable-next-line no-await-in-loop
      await profile.context.close()
    }
  })

  it('gets what its scripts fetch at once', async () => {
    for (let count = 0; count < TRIES; count += 1) {
      // oxlint-disable-next-line no-await-in-loop
      const profile = await world.newProfile()
      // oxlint-disable-next-line no-await-in-loop
      await profile.goto('app.test/')
      // oxlint-disable-next-line no-await-in-loop
      const statuses = await profile.page.evaluate(async () => {
        await fetch('/sign-in?user=ada')
        const responses = await Promise.all(Array.from({ length: 4 }, () => fetch('/new')))
        return responses.map(({ status }) => status)
      })
      assert.deepEqual(statuses, [200, 200, 200, 200])
      // oxlint-disable-next-line no-await-in-loop
      await profile.context.close()
    }
  })
})
