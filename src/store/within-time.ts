/** Longer timers fire at once (HTML, timers: the time is a 32-bit integer). */
const MAX_MILLISECONDS = 2 ** 31 - 1

/**
 * Returns the result of a promise. Throws if it takes longer, and then ignores the result. `Infinity` means no limit.
 */
export function withinTime<T>(milliseconds: number, promise: Promise<T>): Promise<T> {
  if (milliseconds > MAX_MILLISECONDS) return promise
  // Node 20 has no Promise.withResolvers.
  return new Promise((resolve, reject) => {
    const timer = setTimeout(() => {
      reject(new Error(`There was no answer within ${milliseconds} ms.`))
    }, milliseconds)
    const inTime =
      <V>(settle: (value: V) => void) =>
      (value: V): void => {
        clearTimeout(timer)
        settle(value)
      }
    promise.then(inTime(resolve), inTime(reject))
  })
}
