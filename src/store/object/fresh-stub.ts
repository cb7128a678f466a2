/**
 * Makes a reading call, and makes it once more if the runtime says that the first never arrived or that its object was
 * reset, and is not overloaded. `call` takes a new stub each time, since one that has failed stays broken (Cloudflare:
 * Durable Objects, error handling).
 */
export async function withFreshStub<T>(call: () => Promise<T>): Promise<T> {
  try {
    return await call()
  } catch (error) {
    if (!mayBeTriedAgain(error)) throw error
    return call()
  }
}

/** True if the runtime says that a call that changes nothing may succeed with a new stub. */
export function mayBeTriedAgain(error: unknown): boolean {
  if (!(error instanceof Error)) return false
  const { retryable, durableObjectReset, overloaded }: StubError = error
  return (retryable === true || durableObjectReset === true) && overloaded !== true
}

/** What the runtime says of a failed call. */
interface StubError extends Error {
  readonly retryable?: boolean
  readonly durableObjectReset?: boolean
  readonly overloaded?: boolean
}
