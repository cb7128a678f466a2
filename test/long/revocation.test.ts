import assert from 'node:assert/strict'
import { after } from 'node:test'

import { accountsServer, countSignedIn, signedIn } from '../node/accounts.ts'
import { it } from '../node/suite.ts'

/** More than one call of the user's object ends. */
const SESSIONS = 300

const server = await accountsServer()

it('a revocation of three hundred sessions ends every one before it is answered', async () => {
  const browsers = await signedIn(server, 'ada', SESSIONS)
  assert.equal(await countSignedIn(browsers), SESSIONS)
  const response = await fetch(`${server.origin}/revoke-all?user=ada`)
  assert.equal(await response.json(), SESSIONS)
  assert.equal(await countSignedIn(browsers), 0)
})

after(() => server.kill())
