import type { Await, CallContext } from '../record/store.ts'
import type { SessionEvent } from '../request/event.ts'
import { noteEnding } from '../request/open.ts'
import type { Owner, SessionLimit, UserIndex } from '../store/user-index/user-list.ts'

/** The dependencies of a user's list of sessions. */
export interface ListContext {
  readonly index: UserIndex
  readonly cookieName: string
  readonly limit: SessionLimit | undefined
  readonly emit: (event: SessionEvent) => void
  /** Makes a call within the time limit. Throws `ERR_STORE` if it fails. */
  readonly call: <T>(method: ListMethod, call: (context: CallContext) => Await<T>) => Await<T>
}

export type ListMethod = 'add' | 'reserve' | 'release' | 'use' | 'remove' | 'list' | 'revoke'

/** Calls the index for a user. */
export function callIndex<T>(
  { cookieName, call, index, limit }: ListContext,
  method: ListMethod,
  userId: string,
  run: (index: UserIndex, owner: Owner) => Promise<T>,
): Await<T> {
  const notesUse = limit !== undefined
  return call(method, ({ now, idle, absolute }) =>
    run(index, { cookieName, userId, now, idle, absolute, notesUse }),
  )
}

/** Reports that a session was revoked, and notes that it is over for the requests that arrive from now on. */
export function tellRevoked({ emit }: ListContext, id: string): void {
  noteEnding(id)
  emit({ type: 'revoked', id })
}
