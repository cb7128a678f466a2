import assert from 'node:assert/strict'
import * as runner from 'node:test'

import { newDirectory } from '../node/project.ts'
import { it } from '../node/suite.ts'
import { eachWithProfile } from './bound-suite.ts'
import { type BoundWorld, type Profile, SKIP } from './bound-world.ts'

const REFRESH = 'POST /dbsc/refresh 200'

void runner.describe('the life of a bound session in Chromium:', { skip: SKIP }, () => {
  let world: BoundWorld
  let profile: Profile
  eachWithProfile((...both) => {
    ;[world, profile] = both
  })

  /** Has the device refresh, and says who is signed in then. */
  async function afterRefresh(who: Profile = profile): Promise<string> {
    await who.expire()
    await world.log()
    const answer = await who.fetch('/api')
    assert.deepEqual(await world.lines(), [REFRESH, 'GET /api 200 bound'])
    return answer
  }

  it('a second sign-in of the same user replaces the binding', async () => {
    await profile.signIn('ada')
    const [first] = await profile.sessions()
    await profile.signIn('ada')
    assert.equal(await afterRefresh(), '200 "GET ada bound"')
    assert.deepEqual(await profile.sessions(), [first])
  })

  it('a sign-in of another user replaces it, too', async () => {
    await profile.signIn('ada')
    await profile.signIn('grace')
    assert.equal(await afterRefresh(), '200 "GET grace bound"')
    assert.equal((await profile.sessions()).length, 1)
  })

  it('a second sign-in without the bound cookie replaces it', async () => {
    await profile.signIn('ada')
    await profile.expire()
    await profile.signIn('grace')
    assert.equal(await afterRefresh(), '200 "GET grace bound"')
  })

  it('after a sign-out the browser’s session ends, and the next sign-in binds anew', async () => {
    await profile.signIn('ada')
    assert.match(await profile.fetch('/sign-out', { method: 'POST' }), /^200 /)
    await world.log()
    assert.equal(await profile.fetch('/who'), '200 "nobody none"')
    await profile.until('termination')
    assert.deepEqual(await profile.sessions(), [])
    assert.deepEqual(await world.lines(), [REFRESH, 'GET /who 200'])
    await profile.signIn('ada')
    assert.equal(await afterRefresh(), '200 "GET ada bound"')
  })

  for (const [name, query] of [
    ['revoked elsewhere', ''],
    ['revoked with all others', '&all'],
  ] as const) {
    it(`a session that is ${name} ends in the browser`, async () => {
      const user = `ada${query}`
      await profile.signIn(encodeURIComponent(user))
      const other = await world.newProfile()
      await other.goto('app.test/')
      await other.fetch(`/revoke?user=${encodeURIComponent(user)}${query}`)
      await other.context.close()
      await profile.expire()
      assert.equal(await profile.fetch('/who'), '200 "nobody none"')
      await profile.until('termination')
      assert.deepEqual(await profile.sessions(), [])
    })
  }

  it('a restart of the server leaves it as it is', async () => {
    await profile.signIn('ada')
    await world.server.kill()
    await world.server.start()
    assert.equal(await afterRefresh(), '200 "GET ada bound"')
  })

  it('a new token leaves it as it is', async () => {
    await profile.signIn('ada')
    const before = await profile.sessions()
    await profile.fetch('/regenerate', { method: 'POST' })
    assert.equal(await afterRefresh(), '200 "GET ada bound"')
    assert.deepEqual(await profile.sessions(), before)
  })

  it('a new token without the bound cookie waits for a refresh', async () => {
    await profile.signIn('ada')
    await profile.expire()
    await profile.fetch('/regenerate', { method: 'POST' })
    assert.equal(await profile.fetch('/strict'), '200 "ada bound"')
    const lines = await world.lines()
    assert.deepEqual(lines, [REFRESH, 'POST /regenerate 200 bound', 'GET /strict 200 bound'])
  })

  it('while the store fails the browser keeps it', async () => {
    await profile.signIn('ada')
    await profile.expire()
    await world.set(0, 'broken')
    assert.match(await profile.fetch('/api'), /^503 .*ERR_STORE/)
    const [refresh, request] = await world.log()
    assert.equal(refresh?.line, 'POST /dbsc/refresh 503')
    assert.deepEqual([request?.line, request?.skipped], ['GET /api 503', 'server_error'])
    await world.set(0)
    assert.equal(await afterRefresh(), '200 "GET ada bound"')
  })

  it('a refresh that is one too many does not end it', async () => {
    await profile.signIn('ada')
    await profile.expire()
    await world.set(0, 'limited')
    assert.match(await profile.fetch('/api'), /^401 .*ERR_BOUND.*Try again in a few seconds/)
    assert.deepEqual(await world.lines(), ['POST /dbsc/refresh 503', 'GET /api 401'])
    await world.set(0)
    assert.equal(await afterRefresh(), '200 "GET ada bound"')
  })

  it('a restart of the browser keeps it, with the session', async () => {
    const directory = await newDirectory()
    const before = await world.newBrowser(directory)
    await before.signIn('ada', 'kept.test')
    const bound = await before.sessions()
    await before.context.close()
    const after = await world.newBrowser(directory)
    await after.goto('kept.test/')
    await after.expire()
    await world.log()
    assert.equal(await after.fetch('/strict'), '200 "ada bound"')
    // It has kept the key, and not the challenge.
    const lines = await world.lines()
    assert.deepEqual(lines, ['POST /dbsc/refresh 403', REFRESH, 'GET /strict 200 bound'])
    assert.deepEqual(await after.sessions(), bound)
    await after.context.close()
  })

  it('a restart of the browser that drops the session leaves room for the next one', async () => {
    const directory = await newDirectory()
    const before = await world.newBrowser(directory)
    await before.signIn('ada')
    await before.context.close()
    const after = await world.newBrowser(directory)
    assert.equal(await after.goto('app.test/account'), 'nobody none')
    await after.expire()
    assert.equal(await after.goto('app.test/account'), 'nobody none')
    await after.signIn('grace')
    assert.equal(await after.fetch('/strict'), '200 "grace bound"')
    await after.expire()
    assert.equal(await after.fetch('/strict'), '200 "grace bound"')
    await after.context.close()
  })

  it('sessions that the browser has lost do not take the place of the present one', async () => {
    for (const user of ['ada', 'grace', 'mary', 'joan']) {
      await profile.context.clearCookies({ name: '__Host-session' })
      await profile.signIn(user)
    }
    for (let round = 0; round < 5; round += 1) {
      await profile.expire()
      assert.equal(await profile.fetch('/strict'), '200 "joan bound"')
    }
  })
})
