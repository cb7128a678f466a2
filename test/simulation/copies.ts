import type { Entry, History } from './history.ts'
import type { Plan } from './plan.ts'
import { MAX_AGE_SECONDS } from './world.ts'

/** Returns what a copy answered and must not, in words: a browser goes back in time, or a copy is too old. */
export function faultsOfCopies(history: History, plan: Plan): string[] {
  const { entries } = history
  const reads = entries.filter(({ does }) => does === 'old get')
  return reads.flatMap((read) => {
    const own = entries.filter(({ session, key }) => session === read.session && key === read.key)
    // Only a count that nothing takes back tells its age.
    const isCount = own.every(({ does }) => COUNTING.has(does))
    const isWiped = entries.some(
      ({ session, does }) => session === read.session && (does === 'clear' || does === 'signIn'),
    )
    if (!isCount || isWiped) return []
    return [...isBehindBrowser(read, own, history), ...isTooOld(read, own, plan)]
  })
}

const COUNTING = new Set(['increment', 'get', 'old get'])

function numberIn({ result = '0' }: Entry): number {
  return Number(result)
}

/** What a browser was told it sees again: by the token of the response that told it, and by any later one. */
function isBehindBrowser(read: Entry, own: readonly Entry[], { responses }: History): string[] {
  const told = own.filter((entry) => {
    const response = responses.find(({ request }) => request === entry.request)
    return (
      entry.browser === read.browser &&
      entry.outcome === 'done' &&
      response?.isLost === false &&
      response.arrived < read.sent
    )
  })
  const known = Math.max(0, ...told.map(numberIn))
  return numberIn(read) < known
    ? [`#${read.request} reads ${numberIn(read)}, and its browser has seen ${known}`]
    : []
}

/** A copy may lack what was acknowledged within its age, and nothing before. */
function isTooOld(read: Entry, own: readonly Entry[], { setting }: Plan): string[] {
  const since = read.startedAt - MAX_AGE_SECONDS * 1000 - 2 * setting.skew
  const before = own.filter(({ outcome, does, endedAt }) => {
    return outcome === 'done' && does === 'increment' && endedAt < since
  })
  const least = Math.max(0, ...before.map(numberIn))
  return numberIn(read) < least
    ? [
        `#${read.request} reads ${numberIn(read)}, which was ${least} more than ${MAX_AGE_SECONDS} s ago`,
      ]
    : []
}
