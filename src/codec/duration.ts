/** A thousand years. A Date can't have a time that is much later, and a store could not remember one. */
const MAX_SECONDS = 1000 * 365 * 86_400

/** True for a number of seconds above 0, up to a thousand years. */
export function isDuration(seconds: unknown): seconds is number {
  return typeof seconds === 'number' && seconds > 0 && seconds <= MAX_SECONDS
}
