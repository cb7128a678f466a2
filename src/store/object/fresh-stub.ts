/**
 * Makes a call that only reads. Retries it once if the runtime reports that the call never arrived or that the object
 * was reset, unless the object is overloaded. `call` must use a new stub each time, since a failed one stays broken
 * (Cloudflare: Durable Objects, error handling).
 */
export async function withFreshStub<T>(call: () => Promise<T>): Promise<T> {
  try {
    return await call()
  } catch (error) {
    if (!mayBeTriedAgain(error)) throw error
    return call()
  }
}

/** True if a call that only reads may succeed with a new stub, according to the runtime. */
export function mayBeTriedAgain(error: unknown): boolean {
  if (!(error instanceof Error)) return false
  const { retryable, durableObjectReset, overloaded }: StubError = error
  return (retryable === true || durableObjectReset === true) && overloaded !== true
}

/** The flags that the runtime sets on the error of a failed call. */
interface StubError extends Error {
  readonly retryable?: boolean
  readonly durableObjectReset?: boolean
  readonly overloaded?: boolean
}
