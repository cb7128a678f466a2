/** What a promise gives; throws when it takes longer, and then nobody waits for it. */
export async function withinTime<T>(milliseconds: number, promise: Promise<T>): Promise<T> {
  const { promise: timeout, reject } = Promise.withResolvers<never>()
  const timer = setTimeout(() => {
    reject(new Error(`There was no answer within ${milliseconds} ms.`))
  }, milliseconds)
  try {
    return await Promise.race([promise, timeout])
  } finally {
    clearTimeout(timer)
  }
}
