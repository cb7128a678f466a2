/** Timers of more are over at once (HTML, timers: the time is a 32-bit integer). */
const MAX_MILLISECONDS = 2 ** 31 - 1

/** What a promise gives; throws when it takes longer, and then nobody waits for it. `Infinity` waits for ever. */
export function withinTime<T>(milliseconds: number, promise: Promise<T>): Promise<T> {
  if (milliseconds > MAX_MILLISECONDS) return promise
  // Not by Promise.withResolvers, which Node 20 has not.
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
