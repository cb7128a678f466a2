import * as runner from 'node:test'

import { BoundWorld, type Profile } from './bound-world.ts'

/** Starts a world for the tests of a suite, and gives each test a profile of its own. */
export function eachWithProfile(begin: (world: BoundWorld, profile: Profile) => void): void {
  let world: BoundWorld
  let profile: Profile
  runner.before(async () => {
    world = await BoundWorld.start()
  })
  runner.beforeEach(async () => {
    await world.reset()
    profile = await world.newProfile()
    begin(world, profile)
  })
  runner.afterEach(() => profile.context.close())
  runner.after(() => world.stop())
}
