/** A thousand years. A much later time is not a valid Date, and a store could not remember it. */
const MAX_SECONDS = 1000 * 365 * 86_400

/** True for a number of seconds above 0, up to a thousand years. */
export function isDuration(seconds: unknown): seconds is number {
  return typeof seconds === 'number' && seconds > 0 && seconds <= MAX_SECONDS
}
