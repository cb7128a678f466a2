import type { RequestLike } from '../accounts/device.ts'
import { readCookies } from '../codec/cookie.ts'
import { openToken } from '../codec/token.ts'
import { INSECURE } from './event.ts'
import type { Settings } from './options.ts'
import type { Presented } from './set-cookie.ts'
import type { Setup } from './setup.ts'
import { Visit } from './visit.ts'

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
  const canKeep = !cookie.secure || isKept(request.url)
  const openedAt = now()
  const visitWith = (found: Found): Visit =>
    new Visit(settings, setup, { ...found, hasCookie, canKeep, openedAt }, request)
  if (canKeep && hasCookie) return presentedToken(settings, setup, values, openedAt).then(visitWith)
  const visit = visitWith({ token: undefined, isOldKey: false })
  if (hasCookie) settings.emit(INSECURE)
  return visit
}

function isKept(url: string): boolean {
  return url.startsWith('https:') || !url.startsWith('http:') || LOCAL_HTTP.test(url)
}

type Found = Pick<Presented, 'token' | 'isOldKey'>

/** The first of the values that we signed, unless its time is up. Refusals are reported. */
async function presentedToken(
  { cookie, emit, idle, absolute }: Settings<never>,
  { keyring, store }: Setup,
  values: readonly string[],
  now: number,
): Promise<Found> {
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
