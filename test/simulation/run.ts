import { faultsOfCopies } from './copies.ts'
import type { Version } from './isolates.ts'
import { faultsOfKeys } from './keys.ts'
import { faultsOfKv } from './kv-rules.ts'
import type { FormerLibrary, Library } from './library.ts'
import { faultsOfLife } from './life.ts'
import { newPlan, type Plan } from './plan.ts'
import { Random } from './random.ts'
import { faultsOfRequests } from './requests.ts'
import { World } from './world.ts'

/** The library, and that of the previous protocol. */
export interface Versions {
  readonly present: Version<Library>
  readonly former?: Version<FormerLibrary>
}

export interface Verdict {
  readonly plan: Plan
  readonly faults: readonly string[]
  readonly lines: readonly string[]
}

/** Plays the run of a seed and checks all that was seen. The same seed gives the same run. */
export async function playSeed(seed: number, versions: Versions): Promise<Verdict> {
  return playPlan(newPlan(seed, new Random(seed)), versions)
}

/** `isRead` is true if the verdict is to have the lines of the history, which cost time. */
export async function playPlan(
  plan: Plan,
  { present, former }: Versions,
  isRead = false,
): Promise<Verdict> {
  const world = new World(plan, { present: present.begin(), former: former?.begin() }, isRead)
  const { history } = world
  const unhandled = (error: unknown): void => void history.errors.push({ request: 0, error })
  process.on('unhandledRejection', unhandled)
  await world.play().catch(unhandled)
  process.off('unhandledRejection', unhandled)
  const faults = [
    // KV has no such order.
    ...(plan.setting.store === 'kv' ? [] : faultsOfKeys(history.entries)),
    ...faultsOfLife(history, plan),
    ...faultsOfCopies(history, plan),
    ...faultsOfKv(history, plan),
    ...faultsOfRequests(history),
  ]
  return { plan, faults, lines: history.lines }
}

/** Leaves out the steps without which the run is still wrong. Returns what is left, with its history. */
export async function shrunk(
  { plan }: Pick<Verdict, 'plan'>,
  versions: Versions,
): Promise<Verdict> {
  for (let index = 0; index < plan.steps.length; index += 1) {
    const steps = plan.steps.filter((_, place) => place !== index)
    // oxlint-disable-next-line no-await-in-loop -- each try depends on the one before
    const smaller = await playPlan({ ...plan, steps }, versions)
    if (smaller.faults.length > 0) return shrunk(smaller, versions)
  }
  return playPlan(plan, versions, true)
}
