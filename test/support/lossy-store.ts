import type { SessionStore } from '../../src/record/store.ts'

/** A store that fails as its test says. */
export interface LossyStore {
  readonly store: SessionStore
  /** The number of next writes that are applied and not answered. */
  losses: number
  /** The number of next writes that do not arrive. */
  drops: number
}

/** Returns a store that does what the given one does, but for the writes whose way there or back is broken. */
export function lossyStore(given: SessionStore): LossyStore {
  const broken = (method: 'write' | 'create'): SessionStore['write'] => {
    return async (credential, context, patch) => {
      if (lossy.drops > 0) {
        lossy.drops -= 1
        throw new Error('The connection was refused.')
      }
      const isLost = lossy.losses > 0
      if (isLost) lossy.losses -= 1
      const reply = await given[method](credential, context, patch)
      if (isLost) throw new Error('The connection was reset.')
      return reply
    }
  }
  const store = { ...given, write: broken('write'), create: broken('create') }
  const lossy: LossyStore = { store, losses: 0, drops: 0 }
  return lossy
}
