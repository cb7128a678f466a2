import { BoundedMap } from '../codec/bounded-map.ts'
import { matchesDomain, readCookies } from '../codec/cookie.ts'
import { type OpenedToken, openToken, type Token } from '../codec/token.ts'
import type { Await, Gone } from '../record/store.ts'
import type { OwnTimeouts } from '../session/account.ts'
import { DOMAIN_MISMATCH, INSECURE, type SessionEvent } from './event.ts'
import type { Settings } from './options.ts'
import type { Purpose, RequestLike } from './request-like.ts'
import type { Setup } from './setup.ts'
import { type Arrival, isJustRotated, type SessionState } from './state.ts'

/** The http origins for which browsers accept Secure cookies: local traffic cannot be intercepted. */
const LOCAL_HTTP = /^http:\/\/(([\w-]+\.)*localhost|127(\.\d+){3}|\[::1\])[:/]/i

/**
 * Reads a request's cookie, verifies its token, and returns the result of `proceed`. Makes no store call. Waits only
 * for the MAC of a token that is new to this isolate.
 */
export function arrivalOf<T>(
  settings: Settings,
  setup: Setup,
  request: RequestLike,
  proceed: (arrival: Arrival, setup: Setup) => T,
): Await<T> {
  const { cookie, now } = settings
  const values = readCookies(request.headers.get('cookie'), cookie.name)
  const hasCookie = values.length > 0
  const base = { token: undefined, isOldKey: false, hasCookie, at: now(), order: nextOrder() }
  if (!hasCookie) return proceed(base, setup)
  const { length: count } = values
  if (count > 1) settings.emit({ type: 'duplicate-cookie', count })
  const obstacle = obstacleOf(settings, request)
  if (obstacle === undefined) return firstToken({ settings, setup, values, base, proceed }, 0)
  settings.emit(obstacle)
  return proceed(base, setup)
}

/** Returns the event that explains why a browser would not keep this response's cookie, or `undefined` if it would. */
export function obstacleOf(
  { cookie: { secure, domain } }: Pick<Settings, 'cookie'>,
  { url }: Pick<RequestLike, 'url'>,
): SessionEvent | undefined {
  const isSafe = url.startsWith('https:') || !url.startsWith('http:') || LOCAL_HTTP.test(url)
  if (secure && !isSafe) return INSECURE
  if (domain === undefined || !URL.canParse(url)) return undefined
  return matchesDomain(new URL(url).hostname, domain) ? undefined : DOMAIN_MISMATCH
}

interface Search<T> {
  readonly settings: Settings
  readonly setup: Setup
  readonly values: readonly string[]
  /** The arrival without a token. */
  readonly base: Arrival
  readonly proceed: (arrival: Arrival, setup: Setup) => T
}

/** Continues with the first value, starting at this index, that has a valid signature and has not expired. */
function firstToken<T>(search: Search<T>, place: number): Await<T> {
  const { settings, setup, values, base, proceed } = search
  const value = values[place]
  if (value === undefined) return proceed(base, setup)
  const opened = openToken(setup.keyring, settings.cookie.name, value)
  return opened instanceof Promise
    ? opened.then((result) => judged(search, place, result))
    : judged(search, place, opened)
}

function judged<T>(search: Search<T>, place: number, opened: OpenedToken): Await<T> {
  const { base, settings, setup, proceed } = search
  const { emit, context } = settings
  const { refreshed } = setup
  if (!opened.ok && opened.reason === 'unknown-key' && refreshed !== undefined) {
    // Another isolate may already know the next secret.
    return refreshed().then((next) => firstToken({ ...search, setup: next }, place))
  }
  if (!opened.ok) emit({ type: 'refused', reason: opened.reason })
  else {
    const { token, isNewestKey } = opened
    const { idle, absolute } = knownTimeouts(token, context)
    const isPastAbsolute = token.createdAt + absolute <= base.at
    const isPastIdle = !setup.store.can.recordUse && token.usedAt + idle <= base.at
    if (!isPastAbsolute && !isPastIdle) {
      const arrival = { ...base, token, isOldKey: !isNewestKey }
      if (place + 1 === search.values.length) return proceed(arrival, setup)
      const rest: Search<Arrival> = { ...search, setup, proceed: (each) => each }
      return proceed({ ...arrival, next: () => firstToken(rest, place + 1) }, setup)
    }
    const timeout = isPastAbsolute ? 'absolute' : 'idle'
    emit({ type: 'expired', timeout, id: setup.store.idOf(token.handle) })
  }
  return firstToken(search, place + 1)
}

/** The timeouts of a remembered session before it is read. */
const UNKNOWN: OwnTimeouts = { idle: Infinity, absolute: Infinity }

/** Returns the timeouts for a token: those of the layer, or infinite ones if only the store knows them. */
function knownTimeouts(token: Token | undefined, context: OwnTimeouts): OwnTimeouts {
  return token?.isRemembered === true ? UNKNOWN : context
}

/** Returns the timeouts of the session: the context itself, unless it has timeouts of its own. */
export function timeoutsOf({
  state,
  settings: { context },
}: {
  readonly state: SessionState
  readonly settings: { readonly context: OwnTimeouts }
}): OwnTimeouts {
  if (state.is === 'live') return state.status.account?.remember ?? context
  return knownTimeouts(state.token, context)
}

/** The allowed difference between the clocks of two machines. */
const CLOCK_ALLOWANCE_MS = 2

/**
 * True if the session ended or its token was replaced after this request arrived. Otherwise its cookie was dead on
 * arrival, and the visitor is a new one.
 */
export function isOverlapping(reply: Gone, id: string, { at, order }: Arrival): boolean {
  if (reply.gone !== 'ended') return isJustRotated(reply, at)
  const endedHere = endings.get(id)
  if (endedHere !== undefined) return endedHere > order
  return reply.at !== undefined && reply.at > at - CLOCK_ALLOWANCE_MS
}

/** The number of remembered endings, more than an isolate sees while a request runs. */
const MAX_ENDINGS = 1000
const endings = new BoundedMap<number>(MAX_ENDINGS)
let lastOrder = 0

/**
 * Returns the next position in the order of arrivals and endings. Unlike a clock, it does not stand still between I/O.
 */
function nextOrder(): number {
  lastOrder += 1
  return lastOrder
}

/** True if this isolate has ended a session since the request arrived. */
export function hasEndedSince({ order }: Arrival, id: string): boolean {
  return (endings.get(id) ?? 0) > order
}

/** Notes that this isolate has ended a session. */
export function noteEnding(id: string): void {
  endings.set(id, nextOrder())
}

/** Fetch Standard: `Sec-Purpose`. `X-Sec-Purpose` is from Turbo, and `Purpose` from older browsers. */
const PURPOSE_HEADERS = ['sec-purpose', 'x-sec-purpose', 'purpose']

/** Returns the purpose of a request, by its method and these headers. Default `view`. */
export function purposeOf({ method = 'GET', headers }: RequestLike): Purpose {
  if (method === 'HEAD') return 'head'
  for (const name of PURPOSE_HEADERS) {
    const value = headers.get(name)
    if (value !== null && /^\s*prefetch\b/i.test(value)) return 'speculative'
  }
  return 'view'
}
