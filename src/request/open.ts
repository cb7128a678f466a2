import { readCookies } from '../codec/cookie.ts'
import { type OpenedToken, openToken } from '../codec/token.ts'
import type { Await } from '../record/store.ts'
import { INSECURE } from './event.ts'
import type { Settings } from './options.ts'
import type { RequestLike } from './request-like.ts'
import type { Setup } from './setup.ts'
import type { Arrival } from './state.ts'

/** Where browsers take Secure cookies over http, since what never leaves the machine can't be intercepted. */
const LOCAL_HTTP = /^http:\/\/(([\w-]+\.)*localhost|127(\.\d+){3}|\[::1\])[:/]/i

/** Reads a request's cookie and verifies its token. Asks no store, and waits only for the MAC of a token that is new here. */
export function arrivalOf(settings: Settings, setup: Setup, request: RequestLike): Await<Arrival> {
  const { cookie, now } = settings
  const values = readCookies(request.headers.get('cookie'), cookie.name)
  const hasCookie = values.length > 0
  const canKeep = !cookie.secure || isKept(request.url)
  const base = { token: undefined, isOldKey: false, hasCookie, canKeep, at: now() }
  if (canKeep && hasCookie) return firstToken({ settings, setup, values, base }, 0)
  if (hasCookie) settings.emit(INSECURE)
  return base
}

function isKept(url: string): boolean {
  return url.startsWith('https:') || !url.startsWith('http:') || LOCAL_HTTP.test(url)
}

interface Search {
  readonly settings: Settings
  readonly setup: Setup
  readonly values: readonly string[]
  /** The arrival without a token. */
  readonly base: Arrival
}

/** The arrival with the first of the values, from this place on, that we signed and whose time is not up. */
function firstToken(search: Search, place: number): Await<Arrival> {
  const { settings, setup, values, base } = search
  const value = values[place]
  if (value === undefined) return base
  const opened = openToken(setup.keyring, settings.cookie.name, value)
  return opened instanceof Promise
    ? opened.then((result) => judged(search, place, result))
    : judged(search, place, opened)
}

function judged(search: Search, place: number, opened: OpenedToken): Await<Arrival> {
  const { base, settings, setup } = search
  const { emit, context } = settings
  if (!opened.ok) emit({ type: 'refused', reason: opened.reason })
  else {
    const { token, isNewestKey } = opened
    const isPastAbsolute = token.createdAt + context.absolute <= base.at
    const isPastIdle = !setup.store.can.recordUse && token.usedAt + context.idle <= base.at
    if (!isPastAbsolute && !isPastIdle) return { ...base, token, isOldKey: !isNewestKey }
    const timeout = isPastAbsolute ? 'absolute' : 'idle'
    emit({ type: 'expired', timeout, id: setup.store.idOf(token.handle) })
  }
  return firstToken(search, place + 1)
}
