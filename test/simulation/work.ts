import type { Setting, Work } from './plan.ts'
import type { Random } from './random.ts'

export const USERS = ['ada', 'bob'] as const
const TEXTS = ['s', 't'] as const
const COUNTS = ['n', 'm'] as const

/** How often a handler does what. */
const WEIGHTS = {
  get: 8,
  set: 6,
  increment: 6,
  update: 4,
  take: 2,
  delete: 2,
  clear: 0.5,
  regenerate: 1,
  signIn: 2,
  signOut: 0.7,
  destroy: 0.7,
  revokeAll: 0.5,
  think: 3,
}
type Weights = typeof WEIGHTS

/** Where a token is renewed, it is replaced by hand more often, too. */
const RENEWING: Weights = { ...WEIGHTS, regenerate: 3 }
/** Where copies answer, sessions last, and there is something to read. */
const COPIED: Weights = {
  ...WEIGHTS,
  get: 16,
  take: 0.5,
  delete: 0.5,
  clear: 0.1,
  regenerate: 0.8,
  signIn: 0.5,
  signOut: 0.2,
  destroy: 0.3,
}
const OF_USERS: Weights = { ...WEIGHTS, signIn: 8, revokeAll: 6, take: 0.5, clear: 0.1 }
/** KV refuses what is atomic. */
const ON_KV: Weights = {
  ...WEIGHTS,
  increment: 0,
  update: 0.1,
  take: 0,
  clear: 0.3,
  regenerate: 2,
  revokeAll: 0.3,
}

function weightsOf({ theme, store, cached, renewing }: Setting): Weights {
  if (store === 'kv') return ON_KV
  if (store === 'memory') return { ...WEIGHTS, revokeAll: 0 }
  if (theme === 'users') return OF_USERS
  if (cached !== 'no') return COPIED
  return renewing ? RENEWING : WEIGHTS
}

/** Returns one thing that a handler does. */
export function newWork(random: Random, setting: Setting): Work {
  const isFewer = setting.cached !== 'no' || setting.store === 'kv'
  const does = random.weighted(weightsOf(setting))
  // Fewer keys, so that more is read of what was written.
  const texts = isFewer ? TEXTS.slice(0, 1) : TEXTS
  const counts = isFewer ? COUNTS.slice(0, 1) : COUNTS
  // oxlint-disable-next-line typescript/switch-exhaustiveness-check -- the others have nothing but their name
  switch (does) {
    case 'increment':
      return { does, key: random.pick(counts) }
    case 'set':
    case 'update':
    case 'take':
      return { does, key: random.pick(setting.store === 'kv' ? [...texts, ...counts] : texts) }
    case 'get':
    case 'delete':
      return { does, key: random.pick([...texts, ...counts]) }
    case 'signIn':
      return { does, user: random.pick(USERS) }
    case 'think':
      return { does, milliseconds: random.below(random.pick([30, 3000])) }
  }
  return { does }
}
