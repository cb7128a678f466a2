import assert from 'node:assert/strict'
import { setTimeout as wait } from 'node:timers/promises'

import { accountsServer, countSignedIn, signedIn } from '../node/accounts.ts'
import { it } from '../node/suite.ts'

const SESSIONS = 150
/** So many kills that miss a revocation half done are no chance. */
const MAX_TRIES = 40
const FIRST_DELAY_MS = 40
const FINISH_MS = 120_000

it('a revocation that is cut short by SIGKILL is finished by itself', async (test) => {
  const server = await accountsServer()
  // Also after a failure: a server that is left would keep this process from ending.
  test.after(() => server.kill())
  // Nearer to the revocation with each try, however fast or busy the machine is.
  let delay = FIRST_DELAY_MS
  for (let number = 0; number < MAX_TRIES; number += 1) {
    const user = `user-${number}`
    const browsers = await signedIn(server, user, SESSIONS)
    const revoking = fetch(`${server.origin}/revoke-all?user=${user}`).catch(() => undefined)
    await wait(delay * (0.75 + Math.random() / 2))
    await server.kill()
    await revoking
    await server.start()
    const left = await countSignedIn(browsers)
    const listed = await browsers[0]?.json<unknown[]>(`/list?user=${user}`)
    // Before it was written down nothing of it has happened, and afterwards it can't be held up any more.
    if (listed?.length === SESSIONS) assert.equal(left, SESSIONS)
    else assert.deepEqual(listed, [])
    if (listed?.length === 0 && left > 0) {
      await finished(browsers, user)
      test.diagnostic(`killed in try ${number + 1}, with ${left} of ${SESSIONS} left`)
      return
    }
    delay *= left === SESSIONS ? 1.3 : 0.75
  }
  assert.fail('No kill met a revocation half done.')
})

/** Waits until none is signed in any more. */
async function finished(
  browsers: Parameters<typeof countSignedIn>[0],
  user: string,
): Promise<void> {
  const deadline = Date.now() + FINISH_MS
  let left = await countSignedIn(browsers)
  while (left > 0) {
    assert.ok(Date.now() < deadline, `${left} sessions of ${user} are still there.`)
    await wait(250)
    left = await countSignedIn(browsers)
  }
}
