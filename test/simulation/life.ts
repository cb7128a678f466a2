import type { Answered, Entry, History, Sight } from './history.ts'
import { endOnKv, STALE_MS } from './kv-rules.ts'
import { GRACE_SECONDS, MAX_AGE_SECONDS } from './layer.ts'
import type { Plan } from './plan.ts'

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
    ...entries.flatMap((entry) => endsOf(entry, history, plan)),
    ...responses.flatMap((response) => renewalOf(response, entries)),
  ]
  return [
    ...leftOver.map((id) => `object ${id.slice(0, 6)} keeps rows of a session that is over`),
    ...errors.map(({ request, error }) => `#${request} threw ${String(error)}`),
    ...sights.flatMap((sight) => ends.flatMap((end) => opensDead(sight, end, plan))),
    ...sights.flatMap((sight) => hasWrongUser(sight, history)),
    ...lostSessions(history, plan),
    ...clearedCookies(history, plan),
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

function endsOf(entry: Entry, history: History, { setting }: Plan): End[] {
  if (entry.outcome !== 'done') return []
  const { entries, responses } = history
  const { does, session, start, end: order, endedAt: at, request } = entry
  const secret = responses.find((response) => response.request === request)?.secret
  if (setting.store === 'kv') return endsOnKv(entry, history)
  if (does === 'destroy' || does === 'signOut') {
    return [{ what: does, request, order, at, opens: (sight) => sight.session === session }]
  }
  if (does === 'regenerate' || does === 'signIn') {
    // All tokens of before, also one that a renewal has replaced a moment ago.
    const before = new Set(
      responses
        .filter((response) => response.session === session && response.order < start)
        .map(({ issued }) => issued),
    ).add(secret)
    const opens = (sight: Sight): boolean =>
      sight.session === session && sight.secret !== undefined && before.has(sight.secret)
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
        // A sign-in with an unknown outcome may never have been.
        (signIn.outcome === 'done' || sight.user === entry.wrote) &&
        !entries.some(
          (each) =>
            each.does === 'signIn' && each.session === sight.session && each.end > signIn.end,
        ),
    }))
  }
  return []
}

/** True if a request had no session to end, since its location did not return one for the read, or for the write at the end. */
function hadNoneOnKv(
  { session, request, isolate }: Entry,
  sights: readonly Sight[],
  { issued = '', session: last }: Answered,
): boolean {
  if (last !== session) return true
  const sight = sights.findLast((each) => each.request === request && each.isolate === isolate)
  return issued === '' && sight !== undefined && sight.session === undefined
}

/**
 * On KV the token of an end is what is over, at other locations a minute later. A slow request that had read the session
 * may write it back (docs/stores.md).
 */
function endsOnKv(entry: Entry, { entries, sights, responses }: History): End[] {
  const { does, session, start, request } = entry
  // A new token is written with the response.
  const response = responses.find((each) => each.request === request && each.status === 200)
  if (response?.secret === undefined) return []
  const { order, secret } = response
  const at = response.at + STALE_MS
  const isMoved = entries.some(
    (other) => other.request === request && other !== entry && ENDS.has(other.does),
  )
  const isUndone = entries.some(
    (other) =>
      other.session === session &&
      other.request !== request &&
      endOnKv(other, responses) > start &&
      other.startedAt <= at &&
      !other.does.endsWith('get'),
  )
  if (!ENDS.has(does) || isMoved || isUndone || hadNoneOnKv(entry, sights, response)) return []
  const opens = (sight: Sight): boolean => sight.session === session && sight.secret === secret
  return [{ what: does, request, order, at, opens }]
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
function hasWrongUser(
  { user, session, request, end }: Sight,
  { entries, responses }: History,
): string[] {
  if (user === undefined) return []
  // On KV a sign-in is written with the response, and only then it is known in which session.
  const isMoved = (of: number): boolean =>
    responses.some((response) => response.request === of && response.session === session)
  const isAsked = entries.some(
    (entry) =>
      entry.does === 'signIn' &&
      entry.wrote === user &&
      entry.start < end &&
      (entry.session === session || entry.outcome !== 'done' || isMoved(entry.request)),
  )
  return isAsked ? [] : [`#${request} is signed in as ${user}, whom nobody has signed in there`]
}

/** On KV the cookie is the only record of a use. Returns the times of the cookies that a browser has had since. */
function usesInCookie(
  { responses, copied }: History,
  secret: string,
  { browser, end }: Pick<Sight, 'browser' | 'end'>,
): number[] {
  const since = copied.findLast((copy) => copy.browser === browser && copy.order < end)
  const own = responses.filter(
    ({ issued, isLost, arrived, browser: to }) =>
      issued === secret &&
      !isLost &&
      to === browser &&
      arrived < end &&
      arrived > (since?.order ?? 0),
  )
  return own.map(({ at }) => at)
}

/** A session that nothing has ended, and that was used in time, is there. */
function lostSessions(history: History, { setting }: Plan): string[] {
  if (setting.renewing) return []
  const { entries, sights, responses } = history
  const slackMs = TOUCH_MS + 2 * setting.skew
  return sights.flatMap(({ request, session, secret, startedAt, end, browser }) => {
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
    // A location may not see a new session yet.
    if (setting.store === 'kv' && startedAt - known.at <= STALE_MS) return []
    const uses =
      setting.store === 'kv'
        ? usesInCookie(history, secret, { browser, end })
        : own.filter(({ outcome }) => outcome === 'done').map(({ endedAt }) => endedAt)
    const idleMs = startedAt - Math.max(known.at, ...uses)
    return idleMs < setting.idleSeconds * 1000 - slackMs
      ? [`#${request} does not find its session, which nothing has ended`]
      : []
  })
}

/** A cookie is cleared only when its session is over, and not when its token has a successor. */
function clearedCookies({ entries, responses }: History, { setting }: Plan): string[] {
  if (setting.store === 'kv') return []
  return responses.flatMap(({ request, session: own, secret, issued, at, order }) => {
    const known = responses.find((response) => response.issued === secret && response.order < order)
    // A request whose token was dead may have begun and ended a session of its own.
    if (issued !== '' || secret === undefined || known === undefined || known.session !== own)
      return []
    const isOver = entries.some(
      ({ does, session, start, outcome }) =>
        OVER.has(does) &&
        start < order &&
        (session === known.session || does === 'revokeAll' || outcome === 'unknown'),
    )
    const isInTime = at - known.at < setting.idleSeconds * 1000 - TOUCH_MS - 2 * setting.skew
    return isOver || !isInTime ? [] : [`#${request} clears the cookie of a session that goes on`]
  })
}

const OVER = new Set(['destroy', 'signOut', 'revokeAll'])
/** The default of `touchInterval`: a use may be unrecorded for that long. */
const TOUCH_MS = 60_000
const ENDS = new Set(['destroy', 'signOut', 'regenerate', 'signIn'])
