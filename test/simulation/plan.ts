import type { Random } from './random.ts'
import { newWork } from './work.ts'

/** What a handler does, one after the other. */
export type Work =
  | { readonly does: 'get' | 'take' | 'update' | 'increment'; readonly key: string }
  | Recorded
  | { readonly does: 'regenerate' | 'destroy' | 'signOut' }
  | { readonly does: 'revokeAll' }
  | { readonly does: 'signIn'; readonly user: string }
  | { readonly does: 'think'; readonly milliseconds: number }
  /** Another Worker does the rest, and its response is that of this one. */
  | { readonly does: 'forward'; readonly isolate: number }

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
  readonly theme: Theme
  readonly store: 'objects' | 'memory' | 'kv'
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

/** What the runs of a seed are about: a quarter is about anything, in any world. */
export const THEMES = [
  'anything',
  'copies',
  'users',
  'kv',
  'anything',
  'renewal',
  'copies',
  'kv',
] as const
export type Theme = (typeof THEMES)[number]

/** Returns the theme of a seed. */
export function themeOf(seed: number): Theme {
  return THEMES[seed % THEMES.length] ?? 'anything'
}

export function newPlan(seed: number, random: Random): Plan {
  const setting = newSetting(themeOf(seed), random)
  const { theme } = setting
  const count = theme === 'anything' ? 3 + random.below(12) : 6 + random.below(10)
  // Most requests overlap, and some come minutes later.
  const scale = random.pick(SCALES[theme])
  let at = 0
  const steps = Array.from({ length: count }, (): Step => {
    at += random.below(scale)
    // The token becomes due, and then several requests meet.
    if (theme === 'renewal' && random.chance(0.2)) at += 2 * MINUTE + random.below(MINUTE)
    return newStep(random, setting, at)
  })
  return { seed, setting, steps }
}

const MINUTE = 60_000
/** The most milliseconds from one step to the next. */
const SCALES: Readonly<Record<Theme, readonly number[]>> = {
  anything: [50, 50, 500, 500, 5000, 2 * MINUTE, 20 * MINUTE],
  copies: [500, 5000, 20_000, 40_000],
  users: [500, 5000, MINUTE],
  renewal: [2000, 10_000, MINUTE],
  kv: [500, 5000, MINUTE, 2 * MINUTE],
}

function newSetting(theme: Theme, random: Random): Setting {
  const setting: Setting = {
    theme,
    store: random.chance(0.05) ? 'memory' : 'objects',
    cached: random.weighted({ no: 2, yes: 1, shared: 1 }),
    renewing: random.chance(0.25),
    browsers: 1 + random.below(3),
    isolates: 1 + random.below(3),
    faultRate: random.pick([0, 0.05, 0.15, 0.3]),
    skew: random.pick([0, 0, 20, 2000, 5 * MINUTE]),
    idleSeconds: random.pick([1800, 1800, 600]),
    isFormer: random.chance(0.15),
  }
  return { ...setting, ...ofTheme(theme, setting, random) }
}

/** Returns what a theme fixes, so that what it is about happens often. */
function ofTheme(theme: Theme, { store, browsers }: Setting, random: Random): Partial<Setting> {
  switch (theme) {
    case 'anything':
      return store === 'memory' ? { isolates: 1, cached: 'no' } : {}
    case 'copies':
      return {
        store: 'objects',
        cached: random.pick(['yes', 'yes', 'shared']),
        renewing: false,
        browsers: 1 + random.below(2),
        isolates: 1 + random.below(2),
        faultRate: random.pick([0, 0, 0.05]),
        skew: random.pick([0, 0, 20]),
      }
    case 'users':
      return { store: 'objects', cached: 'no', renewing: false, faultRate: 0.3 }
    case 'renewal':
      return { store: 'objects', cached: 'no', renewing: true, browsers: 2, skew: 0 }
    case 'kv':
    default:
      return {
        store: 'kv',
        cached: 'no',
        renewing: false,
        isFormer: false,
        browsers: Math.min(2, browsers),
        faultRate: random.pick([0, 0.05, 0.15]),
        skew: random.pick([0, 0, 20, 2000]),
      }
  }
}

function newStep(random: Random, setting: Setting, at: number): Step {
  const { browsers, isolates, skew, renewing } = setting
  const does = random.weighted({
    request: 30,
    steal: renewing || setting.theme === 'copies' ? 4 : 1,
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
  const whole = ending < 0 ? work : work.slice(0, ending + 1)
  // With renewals, both Workers may replace the token.
  if (renewing || !random.chance(0.1)) return { does, at, browser, isolate, work: whole }
  const forward = { does: 'forward', isolate: random.below(isolates) } as const
  return { does, at, browser, isolate, work: [{ does: 'get', key: 's' }, forward, ...whole] }
}
