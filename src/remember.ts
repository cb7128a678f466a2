import { isDuration } from './codec/duration.ts'
import { SessionError } from './errors.ts'
import type { OwnTimeouts, RememberTimeouts } from './session/account.ts'

export type { RememberTimeouts }

/**
 * NIST SP 800-63B-4 section 2.1.3 (AAL1): users should sign in again at least every 30 days. No idle timeout is
 * required.
 */
const DEFAULT_SECONDS = 30 * 86_400

/**
 * Allows `signIn(userId, { remember: true })`, which gives that session its own timeouts and a persistent cookie:
 * `accounts({ remember: remembering() })`. These are the timeouts for `true`, in seconds, by default 30 days each.
 * Throws `ERR_OPTION` for invalid timeouts, and so does a `signIn` with invalid ones.
 */
export function remembering(
  timeouts: RememberTimeouts = {},
): (given: true | RememberTimeouts, touch: number) => OwnTimeouts {
  const usual = checked(timeouts, { idle: DEFAULT_SECONDS, absolute: DEFAULT_SECONDS }, 0)
  return (given, touch) => {
    const { idle, absolute } = checked(given === true ? {} : given, usual, touch / 1000)
    return { idle: idle * 1000, absolute: absolute * 1000 }
  }
}

/** Returns the timeouts in seconds. Absent ones are those of `usual`. */
function checked(given: RememberTimeouts, usual: OwnTimeouts, touch: number): OwnTimeouts {
  const { idleTimeout, absoluteTimeout, ...rest } = Object(given) as RememberTimeouts
  const absolute = absoluteTimeout ?? Math.max(usual.absolute, idleTimeout ?? 0)
  const idle = idleTimeout ?? Math.min(usual.idle, absolute)
  const areTimes = isDuration(idle) && isDuration(absolute)
  const isKnown = Object.keys(rest).length === 0 && Object(given) === given
  if (isKnown && areTimes && idle <= absolute && touch <= idle / 2) return { idle, absolute }
  throw new SessionError(
    'ERR_OPTION',
    `remember: idleTimeout is ${idle}, absoluteTimeout ${absolute} seconds. Write true, false or { idleTimeout, absoluteTimeout }, with 0 < idleTimeout <= absoluteTimeout, at most a thousand years, and an idleTimeout of at least two touchIntervals.`,
  )
}
