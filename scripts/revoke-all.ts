// How long it takes to end all sessions of one user, in real workerd with its objects on the disk.
import { accountsServer, countSignedIn, signedIn } from '../test/node/accounts.ts'
import { takesNoArguments } from './command-line.mjs'

takesNoArguments('npm run bench:revoke')

const SESSIONS = 1000
const ROUNDS = 5
/** As long as one call of a store may take by default. */
const BUDGET_MS = 5000

const server = await accountsServer()
const times: number[] = []
for (let round = 0; round < ROUNDS; round += 1) {
  // One round after the other, so that none disturbs another.
  // oxlint-disable-next-line no-await-in-loop
  times.push(await timeOf(`user-${round}`))
}
await server.kill()
const median = times.toSorted((one, other) => one - other)[ROUNDS >> 1] ?? Infinity
const verdict = median <= BUDGET_MS ? 'within' : 'OVER'
process.stdout.write(
  `revokeAll of ${SESSIONS} sessions: ${times.map((time) => time.toFixed(0)).join(', ')} ms; median ${median.toFixed(0)} ms, ${verdict} the budget of ${BUDGET_MS} ms\n`,
)
process.exitCode = median <= BUDGET_MS ? 0 : 1

/** Milliseconds for one user's sessions. */
async function timeOf(user: string): Promise<number> {
  const browsers = await signedIn(server, user, SESSIONS)
  const start = performance.now()
  const ended: unknown = await (await fetch(`${server.origin}/revoke-all?user=${user}`)).json()
  const time = performance.now() - start
  const left = await countSignedIn(browsers)
  if (ended !== SESSIONS || left > 0)
    throw new Error(`${String(ended)} ended, and ${left} are left.`)
  return time
}
