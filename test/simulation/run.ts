import { faultsOfCopies } from './copies.ts'
import { faultsOfKeys } from './keys.ts'
import { faultsOfLife } from './life.ts'
import { newPlan, type Plan } from './plan.ts'
import { Random } from './random.ts'
import { type FormerVersion, type Version, World } from './world.ts'

export interface Verdict {
  readonly plan: Plan
  readonly faults: readonly string[]
  readonly lines: readonly string[]
}

/** Plays the run of a seed and checks all that was seen. The same seed gives the same run. */
export async function playSeed(
  seed: number,
  version: Version,
  former?: FormerVersion,
): Promise<Verdict> {
  return playPlan(newPlan(seed, new Random(seed)), version, former)
}

export async function playPlan(
  plan: Plan,
  version: Version,
  former?: FormerVersion,
): Promise<Verdict> {
  const world = new World(plan, version, former)
  const { history } = world
  const unhandled = (error: unknown): void => void history.errors.push({ request: 0, error })
  process.on('unhandledRejection', unhandled)
  await world.play().catch(unhandled)
  process.off('unhandledRejection', unhandled)
  const faults = [
    ...faultsOfKeys(history.entries),
    ...faultsOfLife(history, plan),
    ...faultsOfCopies(history, plan),
  ]
  return { plan, faults, lines: history.lines }
}

/** Leaves out the steps without which the run is still wrong. */
export async function shrunk(
  { plan, ...verdict }: Verdict,
  version: Version,
  former?: FormerVersion,
): Promise<Verdict> {
  for (let index = 0; index < plan.steps.length; index += 1) {
    const steps = plan.steps.filter((_, place) => place !== index)
    // oxlint-disable-next-line no-await-in-loop -- each try depends on the one before
    const smaller = await playPlan({ ...plan, steps }, version, former)
    if (smaller.faults.length > 0) return shrunk(smaller, version, former)
  }
  return { plan, ...verdict }
}
