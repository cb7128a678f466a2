import { readCookies } from '../codec/cookie.ts'
import { openToken } from '../codec/token.ts'
import { INSECURE } from './event.ts'
import type { Settings } from './options.ts'
import type { Presented } from './set-cookie.ts'
import type { Setup } from './setup.ts'
import { Visit } from './visit.ts'

/** What is read of a request. */
export interface RequestLike {
  readonly url: string
  readonly headers: { get(name: string): string | null }
}

/** Where browsers take Secure cookies over http, since what never leaves the machine can't be listened to. */
const LOCAL_HTTP = /^http:\/\/(([\w-]+\.)*localhost|127(\.\d+){3}|\[::1\])[:/]/i

/** Begins a request's visit: reads the cookie and verifies its token. Asks no store, and waits only for a token's MAC. */
export function openVisit(
  settings: Settings<never>,
  setup: Setup,
  request: RequestLike,
): Visit | Promise<Visit> {
  const { cookie, now } = settings
  const values = readCookies(request.headers.get('cookie'), cookie.name)
  const hasCookie = values.length > 0
  const canKeep = !cookie.secure || !request.url.startsWith('http:') || LOCAL_HTTP.test(request.url)
  if (canKeep && hasCookie) return verifiedVisit(settings, setup, values)
  const presented = { token: undefined, isOldKey: false, hasCookie, canKeep }
  const visit = new Visit(settings, setup, presented, now())
  if (hasCookie) settings.emit(INSECURE)
  return visit
}

async function verifiedVisit(
  settings: Settings<never>,
  setup: Setup,
  values: readonly string[],
): Promise<Visit> {
  const openedAt = settings.now()
  const presented = await presentedToken(settings, setup, values, openedAt)
  return new Visit(settings, setup, { ...presented, hasCookie: true, canKeep: true }, openedAt)
}

/** The first of the values that we signed, unless its time is up. Refusals are reported. */
async function presentedToken(
  { cookie, emit, idle, absolute }: Settings<never>,
  { keyring, store }: Setup,
  values: readonly string[],
  now: number,
): Promise<Pick<Presented, 'token' | 'isOldKey'>> {
  for (const value of values) {
    // One after the other, since the first right one is mostly the only one.
    // oxlint-disable-next-line no-await-in-loop
    const opened = await openToken(keyring, cookie.name, value)
    if (!opened.ok) {
      emit({ type: 'refused', reason: opened.reason })
      continue
    }
    const { token } = opened
    const isPastAbsolute = token.createdAt + absolute <= now
    const isPastIdle = !store.recordsUse && token.usedAt + idle <= now
    if (!isPastAbsolute && !isPastIdle) return { token, isOldKey: !opened.isNewestKey }
    const timeout = isPastAbsolute ? 'absolute' : 'idle'
    emit({ type: 'expired', timeout, id: store.idOf(token.handle) })
  }
  return { token: undefined, isOldKey: false }
}
