import type { Entry, History, Sight } from './history.ts'

const ROTATING = new Set(['regenerate', 'signIn'])
const ENDING = new Set(['destroy', 'signOut'])

/** Returns what single requests, or their responses, did that no request may, in words. */
export function faultsOfRequests(history: History): string[] {
  const { entries, sights, unseen, forwarded } = history
  return [
    ...unseen,
    ...tokensUnsent(history),
    // Behind another Worker a request begins later, and may find that the session is over.
    ...sights
      .filter(({ request }) => !forwarded.has(request))
      .flatMap((sight) => writesElsewhere(sight, entries)),
    ...entries.flatMap((entry) => readsAnothers(entry, history)),
  ]
}

/** A new token reaches the browser that had the previous one. */
function tokensUnsent({ entries, responses, forwarded }: History): string[] {
  return responses.flatMap(({ request, secret, issued, session, status }) => {
    if (status !== 200 || secret === undefined) return []
    const own = entries.filter((entry) => entry.request === request && entry.outcome === 'done')
    if (own.some(({ does }) => ENDING.has(does))) return []
    if (!own.some((entry) => ROTATING.has(entry.does) && entry.session === session)) return []
    const isSent = issued !== undefined && issued !== '' && issued !== secret
    // Without a session before, there may be none after `regenerate` either. A Worker in front may go by its copy.
    const isKept = issued === undefined || forwarded.has(request)
    const isNew = !own.some(({ does }) => does === 'signIn') && isKept
    return isSent || isNew ? [] : [`#${request} does not send the new token`]
  })
}

/** A request that has read its session writes to no other, unless it signs in. */
function writesElsewhere({ request, session }: Sight, entries: readonly Entry[]): string[] {
  if (session === undefined) return []
  const own = entries.filter((entry) => entry.request === request)
  if (own.some(({ does }) => does === 'signIn')) return []
  const isElsewhere = own.some(
    (entry) => entry.outcome === 'done' && entry.session !== session && entry.does !== 'revokeAll',
  )
  return isElsewhere ? [`#${request} has read one session and writes to another`] : []
}

/** A user never reads what a request of another user has written. */
function readsAnothers({ request, result, does, key }: Entry, history: History): string[] {
  if (!does.endsWith('get') || result === undefined) return []
  const { entries, sights } = history
  const user = sights.find((sight) => sight.request === request)?.user
  const write = entries.find((entry) => entry.does === 'set' && entry.wrote === result)
  if (user === undefined || write === undefined) return []
  const writer = writerOf(write, history)
  return writer === undefined || writer === user
    ? []
    : [`#${request} reads as ${user} what ${writer} has written under ${key ?? ''}`]
}

/** Returns the user of a request that wrote, if that is certain: it had a token of this user, and signed nobody in. */
function writerOf(
  { request, session }: Entry,
  { entries, sights, responses }: History,
): string | undefined {
  const isSigning = entries.some(
    (entry) => entry.request === request && (entry.does === 'signIn' || entry.does === 'signOut'),
  )
  const secret = responses.find((response) => response.request === request)?.secret
  if (isSigning || secret === undefined) return undefined
  const signing = new Set(entries.flatMap((each) => (each.does === 'signIn' ? [each.request] : [])))
  return sights.find(
    (sight) =>
      sight.secret === secret &&
      sight.session === session &&
      sight.user !== undefined &&
      !signing.has(sight.request),
  )?.user
}
