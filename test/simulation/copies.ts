import { type Entry, type History, operationsOf } from './history.ts'
import { MAX_AGE_SECONDS } from './layer.ts'
import type { Plan } from './plan.ts'

const WRITING = new Set(['set', 'update', 'increment'])
const REMOVING = new Set(['delete', 'take', 'clear', 'signIn'])

/**
 * Returns what a copy answered and must not, in words: a browser goes back behind what it was told, or a copy is older than
 * it may be.
 */
export function faultsOfCopies(history: History, { setting }: Plan): string[] {
  const { entries } = history
  const reads = entries.filter(({ does }) => does === 'old get')
  return reads.flatMap((read) => {
    const own = operationsOf(read.session, entries).filter(
      ({ key, does }) => key === read.key || does === 'clear' || does === 'signIn',
    )
    // What may or may not have happened decides nothing.
    if (own.some(({ outcome }) => outcome === 'unknown')) return []
    const since = read.startedAt - MAX_AGE_SECONDS * 1000 - 2 * setting.skew
    const writes = own.filter(({ does }) => WRITING.has(does))
    const told = writes.filter((entry) => isTold(entry, read, history))
    const long = writes.filter(({ endedAt }) => endedAt < since)
    const what = `#${read.request} reads ${read.result ?? 'nothing'} under ${read.key ?? ''}`
    return [
      ...told
        .filter((known) => isBefore(read, known, own))
        .map(() => `${what}, and its browser knows better`),
      ...long.filter((known) => isBefore(read, known, own)).map(() => `${what}, which is too old`),
    ].slice(0, 1)
  })
}

/**
 * True if the isolate made a write, or a browser had the response that tells of a write when it sent the request of a read. A 503 or 409 tells of
 * nothing: the cookie stays as it was.
 */
function isTold(entry: Entry, read: Entry, { responses, copied }: History): boolean {
  // The isolate that has made a change knows of it, whoever reads there (decision 010).
  if (entry.isolate === read.isolate && entry.outcome === 'done' && entry.end < read.sent)
    return true
  const response = responses.find(({ request }) => request === entry.request)
  if (response?.isLost !== false || response.status !== 200) return false
  // The response to a request of before that comes later may bring an earlier cookie.
  const isOvertaken = responses.some(
    ({ browser, sent, arrived }) =>
      browser === read.browser && sent < response.arrived && arrived > response.arrived,
  )
  const isReplaced = copied.some(
    ({ browser, order }) =>
      browser === read.browser && order > response.arrived && order < read.sent,
  )
  const isKnown = entry.browser === read.browser && response.arrived < read.sent
  return isKnown && !isOvertaken && !isReplaced
}

/** True if what was read was there before this write only, in every order of the operations. */
function isBefore({ result }: Entry, known: Entry, own: readonly Entry[]): boolean {
  const sources =
    result === undefined
      ? own.filter(({ does }) => REMOVING.has(does))
      : own.filter((entry) => WRITING.has(entry.does) && writtenBy(entry) === result)
  return sources.every(({ end }) => end < known.start)
}

/** Returns the text that a write has left. */
function writtenBy({ does, wrote, result }: Entry): string | undefined {
  return does === 'set' ? wrote : result
}
