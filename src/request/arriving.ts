import type { FeatureSession } from './feature.ts'
import type { Hooks } from './options.ts'

/** Returns the work of the features before the first call of the store; `undefined` if there is none. */
export function arrivalIn(
  session: FeatureSession,
  { arrive }: Hooks,
): (() => Promise<void>) | undefined {
  if (!session.canKeep) return undefined
  const works = arrive.flatMap((feature) => feature.arrive(session) ?? [])
  if (works.length === 0) return undefined
  return async () => {
    for (const work of works) {
      // The first feature usually finds the session.
      // oxlint-disable-next-line no-await-in-loop
      await work()
    }
  }
}
