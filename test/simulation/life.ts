import type { Answered, Entry, History, Sight } from './history.ts'
import type { Plan } from './plan.ts'
import { GRACE_SECONDS, MAX_AGE_SECONDS } from './world.ts'

/** What ended a token or a session, as its request was told. */
interface End {
  readonly what: string
  readonly request: number
  /** The place in the order of events from which on it must open nothing, and the time. */
  readonly order: number
  readonly at: number
  readonly opens: (sight: Sight) => boolean
}

/** Returns what contradicts the rules of a session's life, in words. */
export function faultsOfLife(history: History, plan: Plan): string[] {
  const { entries, sights, responses, errors, leftOver } = history
  const ends = [
    ...entries.flatMap((entry) => endsOf(entry, entries, responses)),
    ...responses.flatMap((response) => renewalOf(response, entries)),
  ]
  return [
    ...leftOver.map((id) => `object ${id.slice(0, 6)} keeps rows of a session that is over`),
    ...errors.map(({ request, error }) => `#${request} threw ${String(error)}`),
    ...sights.flatMap((sight) => ends.flatMap((end) => opensDead(sight, end, plan))),
    ...sights.flatMap((sight) => hasWrongUser(sight, entries)),
    ...lostSessions(history, plan),
  ]
}

/** A token that was renewed opens nothing after its grace. */
function renewalOf(
  { request, secret, issued, order, at }: Answered,
  entries: readonly Entry[],
): End[] {
  if (secret === undefined || (issued ?? '') === '' || issued === secret) return []
  const session = entries.findLast((entry) => entry.request === request)?.session
  const others = new Set(['regenerate', 'signIn', 'destroy', 'signOut'])
  if (entries.some((entry) => entry.request === request && others.has(entry.does))) return []
  const opens = (sight: Sight): boolean =>
    sight.session !== undefined && sight.secret === secret && sight.session === session
  return [{ what: 'renewal', request, order, at: at + GRACE_SECONDS * 1000, opens }]
}

function endsOf(entry: Entry, entries: readonly Entry[], responses: History['responses']): End[] {
  if (entry.outcome !== 'done') return []
  const { does, session, end: order, endedAt: at, request } = entry
  if (does === 'destroy' || does === 'signOut') {
    return [{ what: does, request, order, at, opens: (sight) => sight.session === session }]
  }
  if (does === 'regenerate' || does === 'signIn') {
    const secret = responses.find((response) => response.request === request)?.secret
    const opens = (sight: Sight): boolean =>
      sight.session === session && sight.secret === secret && sight.secret !== undefined
    return [{ what: does, request, order, at, opens }]
  }
  if (does === 'revokeAll') {
    // What signed in before the revocation began, and nothing that signed in again since.
    const before = entries.filter(
      (each) => each.does === 'signIn' && each.wrote === entry.wrote && each.end < entry.start,
    )
    return before.map((signIn) => ({
      what: does,
      request,
      order,
      at,
      opens: (sight) =>
        sight.session === signIn.session &&
        !entries.some(
          (each) =>
            each.does === 'signIn' && each.session === sight.session && each.end > signIn.end,
        ),
    }))
  }
  return []
}

/** A token that was dead when its request arrived opens nothing; a copy may answer a little longer. */
function opensDead(
  sight: Sight,
  { what, request, order, at, opens }: End,
  { setting }: Plan,
): string[] {
  if (sight.start < order || sight.request === request || !opens(sight)) return []
  const late = what === 'renewal' ? 2 * setting.skew : 0
  const allowed = late + (sight.mayBeOld ? MAX_AGE_SECONDS * 1000 + 2 * setting.skew : 0)
  if (sight.startedAt - at <= allowed) return []
  return [`#${sight.request} is let in by a token that a ${what} had ended`]
}

/** Nobody is signed in but by a sign-in of this session. */
function hasWrongUser({ user, session, request, end }: Sight, entries: readonly Entry[]): string[] {
  if (user === undefined) return []
  const isAsked = entries.some(
    (entry) =>
      entry.does === 'signIn' &&
      entry.wrote === user &&
      entry.start < end &&
      (entry.session === session || entry.outcome !== 'done'),
  )
  return isAsked ? [] : [`#${request} is signed in as ${user}, whom nobody has signed in there`]
}

/** A session that nothing has ended, and that was used in time, is there. */
function lostSessions({ entries, sights, responses }: History, { setting }: Plan): string[] {
  if (setting.renewing) return []
  const slackMs = TOUCH_MS + 2 * setting.skew
  return sights.flatMap(({ request, session, secret, startedAt, end }) => {
    if (session !== undefined || secret === undefined) return []
    const known = responses.find(({ issued, order }) => issued === secret && order < end)
    const own = entries.filter((entry) => entry.session === known?.session && entry.start < end)
    const mayBeOver = entries.some(
      ({ does, outcome, start, session: of }) =>
        start < end &&
        outcome !== 'refused' &&
        (does === 'revokeAll' ||
          (ENDS.has(does) && (of === known?.session || outcome === 'unknown'))),
    )
    if (known === undefined || mayBeOver) return []
    const uses = [
      known.at,
      ...own.filter(({ outcome }) => outcome === 'done').map(({ endedAt }) => endedAt),
    ]
    const idleMs = startedAt - Math.max(...uses)
    return idleMs < setting.idleSeconds * 1000 - slackMs
      ? [`#${request} does not find its session, which nothing has ended`]
      : []
  })
}

/** The default of `touchInterval`: a use may be unrecorded for that long. */
const TOUCH_MS = 60_000
const ENDS = new Set(['destroy', 'signOut', 'regenerate', 'signIn'])
