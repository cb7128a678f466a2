import type { Answered, Entry, History } from './history.ts'
import type { Plan } from './plan.ts'

/** Other locations may go on with what they have read for so long (Cloudflare: how KV works). */
export const STALE_MS = 60_000
const WRITING = new Set(['set', 'delete', 'clear', 'regenerate', 'signIn', 'signOut', 'destroy'])

/**
 * Returns what KV promises and a run did not keep, in words. Of writes that overlap the last one wins with all that it had
 * read, so only a write that no other overlaps has to be seen: at once in its location, and within a minute in others.
 */
export function faultsOfKv({ entries, responses }: History, { setting }: Plan): string[] {
  if (setting.store !== 'kv') return []
  return entries
    .filter(({ does }) => does === 'kv get')
    .flatMap((read) => {
      const own = entries.filter(
        ({ session, does, outcome }) =>
          session === read.session && WRITING.has(does) && outcome !== 'refused',
      )
      const wrong = own
        .filter(({ does, key }) => (does === 'set' || does === 'delete') && key === read.key)
        .find((write) => isSettled(write, read, { own, responses }) && read.result !== write.wrote)
      const what = `#${read.request} reads ${read.result ?? 'nothing'} under ${read.key ?? ''}`
      return wrong === undefined ? [] : [`${what}, and #${wrong.request} was the last to write it`]
    })
}

/** Returns the place of the moment after which an entry changes nothing more: what is recorded is written at the end. */
export function endOnKv({ request, end, outcome }: Entry, responses: readonly Answered[]): number {
  const response = responses.find((each) => each.request === request)
  if (outcome === 'unknown' || response?.status !== 200) return Infinity
  return Math.max(end, response.order)
}

/** True if a write must be visible to a read: nothing else was written since, and its time has come. */
function isSettled(
  write: Entry,
  read: Entry,
  { own, responses }: { readonly own: readonly Entry[]; readonly responses: readonly Answered[] },
): boolean {
  if (write.outcome !== 'done' || write.end >= read.start) return false
  const secretOf = (of: Entry): string | undefined =>
    responses.find(({ request }) => request === of.request)?.secret
  // Two locations may give one session two tokens, each with entries of its own.
  if (secretOf(write) === undefined || secretOf(write) !== secretOf(read)) return false
  // A location that does not see a value yet has nothing to delete.
  const isBlind = own.some(
    (other) =>
      other.isolate !== write.isolate &&
      other.start < write.start &&
      write.startedAt - other.endedAt <= STALE_MS,
  )
  if (write.does === 'delete' && isBlind) return false
  const others = own.filter(
    (other) =>
      other !== write &&
      endOnKv(other, responses) >= write.sent &&
      other.sent <= read.end &&
      !(other.request === write.request && other.start < write.start),
  )
  // What its own location writes later under other keys keeps it.
  const isKept = others.every(
    ({ does, key, isolate, sent }) =>
      (does === 'set' || does === 'delete') &&
      key !== write.key &&
      isolate === write.isolate &&
      sent > endOnKv(write, responses),
  )
  const last = Math.max(write.endedAt, ...others.map(({ endedAt }) => endedAt))
  const delay = write.isolate === read.isolate ? 0 : STALE_MS
  return isKept && read.startedAt - last > delay
}
