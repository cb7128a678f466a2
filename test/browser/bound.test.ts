import assert from 'node:assert/strict'
import * as runner from 'node:test'

import { it } from '../node/suite.ts'
import { eachWithProfile } from './bound-suite.ts'
import { BoundWorld, type Profile, SKIP } from './bound-world.ts'

const REFRESH = 'POST /dbsc/refresh 200'

void runner.describe('device-bound sessions in Chromium', { skip: SKIP }, () => {
  let world: BoundWorld
  let profile: Profile
  eachWithProfile((...both) => {
    ;[world, profile] = both
  })

  it('a page that signs in binds the session', async () => {
    await profile.goto('app.test/sign-in?user=ada')
    await profile.until('creation')
    assert.equal(await profile.fetch('/who'), '200 "ada bound"')
    assert.deepEqual(await world.lines(), [
      'GET /sign-in 200',
      'POST /dbsc/register 200',
      'GET /who 200 bound',
    ])
    assert.equal((await profile.sessions()).length, 1)
  })

  it('a fetch that signs in binds the session', async () => {
    await profile.goto('app.test/')
    await profile.fetch('/sign-in?user=ada', { method: 'POST' })
    await profile.until('creation')
    assert.equal(await profile.fetch('/api'), '200 "GET ada bound"')
    assert.equal((await world.lines()).at(-1), 'GET /api 200 bound')
  })

  it('a sign-in that redirects binds the session', async () => {
    await profile.goto('app.test/sign-in?user=ada&next=/account')
    await profile.until('creation')
    assert.equal(new URL(profile.page.url()).pathname, '/account')
    assert.equal(await profile.fetch('/strict'), '200 "ada bound"')
    assert.equal((await world.lines()).at(-1), 'GET /strict 200 bound')
  })

  it('a fetch without the bound cookie waits for a refresh', async () => {
    await profile.signIn('ada')
    await profile.expire()
    assert.equal(await profile.fetch('/api'), '200 "GET ada bound"')
    assert.deepEqual(await world.lines(), [REFRESH, 'GET /api 200 bound'])
  })

  it('a POST without the bound cookie waits, and arrives with its body', async () => {
    await profile.signIn('ada')
    await profile.expire()
    const answer = await profile.fetch('/api', { method: 'POST', body: 'a letter of ' })
    assert.equal(answer, '200 "POST a letter of ada bound"')
    assert.deepEqual(await world.lines(), [REFRESH, 'POST /api 200 bound'])
  })

  it('an address that is typed in without the bound cookie waits', async () => {
    await profile.signIn('ada')
    await profile.expire()
    assert.equal(await profile.goto('app.test/account'), 'ada bound')
    assert.deepEqual(await world.lines(), [REFRESH, 'GET /account 200 bound'])
  })

  it('a WebSocket without the bound cookie waits', async () => {
    await profile.signIn('ada')
    await profile.expire()
    const heard = await profile.page.evaluate(
      () =>
        new Promise((resolve) => {
          const socket = new WebSocket('/socket')
          socket.addEventListener('message', ({ data }) => resolve(data))
          socket.addEventListener('close', ({ code }) => resolve(code))
        }),
    )
    assert.equal(heard, 'open')
    assert.deepEqual(await world.lines(), [REFRESH, 'GET /socket 101 bound'])
  })

  it('five fetches at once wait for one refresh', async () => {
    await profile.signIn('ada')
    await profile.expire()
    const answers = await Promise.all(Array.from({ length: 5 }, () => profile.fetch('/api')))
    assert.deepEqual(new Set(answers), new Set(['200 "GET ada bound"']))
    const five = Array.from({ length: 5 }, () => 'GET /api 200 bound')
    assert.deepEqual(await world.lines(), [REFRESH, ...five])
  })

  it('refreshes go on, each by the challenge that came with the one before', async () => {
    await profile.signIn('ada')
    for (let round = 0; round < 10; round += 1) {
      await profile.expire()
      assert.equal(await profile.fetch('/api'), '200 "GET ada bound"')
    }
    const rounds = Array.from({ length: 10 }, () => [REFRESH, 'GET /api 200 bound'])
    assert.deepEqual(await world.lines(), rounds.flat())
  })

  it('a challenge that is too old is answered by another one', async () => {
    await profile.signIn('ada')
    await profile.expire()
    await world.set(901)
    assert.equal(await profile.fetch('/api'), '200 "GET ada bound"')
    assert.deepEqual(await world.lines(), ['POST /dbsc/refresh 403', REFRESH, 'GET /api 200 bound'])
  })

  it('a registration that is answered by 503 leaves the session unbound, and the next sign-in binds', async () => {
    await world.set(0, 'limited')
    await profile.goto('app.test/sign-in?user=ada')
    await profile.until('creation', 1, false)
    await world.set(0)
    assert.equal(await profile.fetch('/who'), '200 "ada pending"')
    assert.deepEqual(await profile.sessions(), [])
    await profile.signIn('ada')
    assert.equal(await profile.fetch('/who'), '200 "ada bound"')
  })

  for (const [host, alg] of [
    ['app.test', 'ES256'],
    ['both.test', 'ES256'],
    ['rsa.test', 'RS256'],
  ] as const) {
    it(`${host} gets proofs of ${alg}`, async () => {
      await profile.goto(`${host}/sign-in?user=ada`)
      await profile.until('creation')
      await profile.expire()
      assert.equal(await profile.fetch('/api'), '200 "GET ada bound"')
      const algorithms = (await world.log()).flatMap((each) => each.alg ?? [])
      assert.deepEqual(algorithms, [alg, alg])
    })
  }
})

void runner.describe('a Chromium that binds no sessions', { skip: SKIP }, () => {
  it('is signed in as ever, except where bindings are required', async () => {
    const world = await BoundWorld.start({ canBind: false })
    try {
      const profile = await world.newProfile()
      await profile.goto('app.test/sign-in?user=ada')
      assert.equal(await profile.fetch('/who'), '200 "ada pending"')
      assert.equal(await profile.fetch('/strict'), '200 "ada pending"')
      await world.set(300)
      assert.equal(await profile.fetch('/who'), '200 "ada none"')
      assert.equal(await profile.fetch('/api'), '200 "GET ada none"')
      assert.match(await profile.fetch('/strict'), /^401 .*ERR_BOUND/)
      assert.deepEqual(
        (await profile.context.cookies()).map(({ name }) => name),
        ['__Host-session'],
      )
      assert.deepEqual(
        (await world.lines()).filter((line) => line.startsWith('POST')),
        [],
      )
    } finally {
      await world.stop()
    }
  })
})
