import { SessionError } from '../errors.ts'
import type { Refusal } from '../session/patch.ts'
import type { Gone, Moment } from '../store/store.ts'
import type { Settings } from './options.ts'
import type { Setup } from './setup.ts'

/** The moment of a store call. */
export function momentOf({ idle, absolute, touch, now }: Settings<never>): Moment {
  return { now: now(), idle, absolute, touch }
}

/** Runs a store call; what it throws becomes `ERR_STORE` with its cause, and an event. */
export async function storeCall<T>(
  { emit }: Settings<never>,
  { store }: Setup,
  name: 'create' | 'read' | 'write' | 'regenerate' | 'destroy',
  id: () => string,
  call: () => Promise<T>,
): Promise<T> {
  try {
    return await call()
  } catch (cause) {
    if (cause instanceof SessionError) throw cause
    emit({ type: 'store-failed', call: name, id: id() })
    const effect = name === 'read' ? '' : ' Whether it took effect is unknown.'
    const message = `The ${store.name} store failed to ${name}.${effect}`
    throw new SessionError('ERR_STORE', message, { cause })
  }
}

/** Whether a reply says that there is no session, rather than why a patch was not applied to it. */
export function isGone(reply: Gone | Refusal): reply is Gone {
  return ['ended', 'expired', 'corrupt', 'rotated'].includes(reply.why)
}

/** What an operation throws whose session is over. */
export function endedError(): SessionError {
  return new SessionError(
    'ERR_SESSION_ENDED',
    'The session is over: it was destroyed, expired, or regenerated meanwhile. Nothing was written. Start again with a new request.',
  )
}
