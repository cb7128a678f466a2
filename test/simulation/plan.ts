import type { Random } from './random.ts'

/** What a handler does, one after the other. */
export type Work =
  | { readonly does: 'get' | 'take' | 'update' | 'increment'; readonly key: string }
  | Recorded
  | { readonly does: 'regenerate' | 'destroy' | 'signOut' }
  | { readonly does: 'revokeAll' }
  | { readonly does: 'signIn'; readonly user: string }
  | { readonly does: 'think'; readonly milliseconds: number }

/** What is written after the handler. */
export type Recorded =
  | { readonly does: 'set'; readonly key: string }
  | { readonly does: 'delete'; readonly key: string }
  | { readonly does: 'clear' }

/** A request, or something else that happens to a browser or a Worker. */
export type Step =
  | {
      readonly does: 'request'
      readonly at: number
      readonly browser: number
      readonly isolate: number
      readonly work: readonly Work[]
    }
  | {
      readonly does: 'steal'
      readonly at: number
      readonly browser: number
      readonly from: number
    }
  | {
      readonly does: 'jump'
      readonly at: number
      readonly isolate: number
      readonly milliseconds: number
    }
  | { readonly does: 'deploy'; readonly at: number }

/** Which world a run takes place in. */
export interface Setting {
  readonly store: 'objects' | 'memory'
  readonly cached: 'no' | 'yes' | 'shared'
  readonly renewing: boolean
  readonly browsers: number
  readonly isolates: number
  /** The share of calls to which something happens. */
  readonly faultRate: number
  /** The most by which two clocks differ, in milliseconds. */
  readonly skew: number
  readonly idleSeconds: number
  /** True if the first objects are of the previous protocol, until a deployment. */
  readonly isFormer: boolean
}

export interface Plan {
  readonly seed: number
  readonly setting: Setting
  readonly steps: readonly Step[]
}

export const USERS = ['ada', 'bob'] as const
const TEXTS = ['s', 't'] as const
const COUNTS = ['n', 'm'] as const
const MINUTE = 60_000

export function newPlan(seed: number, random: Random): Plan {
  const setting = newSetting(random)
  const count = 3 + random.below(12)
  // Most requests overlap, and some come minutes later.
  const scale = random.pick([50, 50, 500, 500, 5000, 2 * MINUTE, 20 * MINUTE])
  let at = 0
  const steps = Array.from({ length: count }, (): Step => {
    at += random.below(scale)
    return newStep(random, setting, at)
  })
  return { seed, setting, steps }
}

function newSetting(random: Random): Setting {
  return {
    store: 'objects',
    cached: random.weighted({ no: 2, yes: 1, shared: 1 }),
    renewing: random.chance(0.25),
    browsers: 1 + random.below(3),
    isolates: 1 + random.below(3),
    faultRate: random.pick([0, 0.05, 0.15, 0.3]),
    skew: random.pick([0, 0, 20, 2000, 5 * MINUTE]),
    idleSeconds: random.pick([1800, 1800, 600]),
    isFormer: random.chance(0.15),
  }
}

function newStep(random: Random, setting: Setting, at: number): Step {
  const { browsers, isolates, skew, renewing } = setting
  const does = random.weighted({
    request: 30,
    steal: renewing ? 4 : 1,
    jump: skew > 0 ? 1 : 0,
    deploy: 1,
  })
  const browser = random.below(browsers)
  const isolate = random.below(isolates)
  if (does === 'steal') return { does, at, browser, from: random.below(browsers) }
  if (does === 'jump') {
    return { does, at, isolate, milliseconds: random.below(2 * skew) - skew }
  }
  if (does === 'deploy') return { does, at }
  const length = 1 + random.below(3)
  const work = Array.from({ length }, () => newWork(random, setting))
  // After its own end a session refuses everything, which is a fault of the program.
  const ending = work.findIndex((each) => each.does === 'destroy' || each.does === 'signOut')
  return { does, at, browser, isolate, work: ending < 0 ? work : work.slice(0, ending + 1) }
}

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
/** Where a token is renewed, it is replaced by hand more often, too. */
const RENEWING = { ...WEIGHTS, regenerate: 3 }
/** Where copies answer, sessions last, and there is something to read. */
const COPIED = {
  ...WEIGHTS,
  get: 16,
  take: 0.5,
  delete: 0.5,
  clear: 0.1,
  regenerate: 0.5,
  signIn: 0.5,
  signOut: 0.2,
  destroy: 0.3,
}

function newWork(random: Random, { renewing, cached }: Setting): Work {
  const isCopied = cached !== 'no'
  const others = renewing ? RENEWING : WEIGHTS
  const does = random.weighted(isCopied ? COPIED : others)
  // Fewer keys, so that more is read of what was written.
  const texts = isCopied ? TEXTS.slice(0, 1) : TEXTS
  const counts = isCopied ? COUNTS.slice(0, 1) : COUNTS
  // oxlint-disable-next-line typescript/switch-exhaustiveness-check -- the others have nothing but their name
  switch (does) {
    case 'increment':
      return { does, key: random.pick(counts) }
    case 'set':
    case 'update':
    case 'take':
      return { does, key: random.pick(texts) }
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
