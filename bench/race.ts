import { comparisonsOf, FLOOR_AGAIN } from './comparison.ts'
import type { Runner, Slice, Started } from './slice.ts'

export interface RaceOptions {
  /** So many at least, and so many at most while the floor does not agree with itself. */
  readonly rounds: number
  readonly mostRounds: number
}

/** How far a race can be trusted. */
export interface Noise {
  readonly rounds: number
  /** The floor divided by the same floor once more, by the fastest sixth of the rounds. */
  readonly floorRatio: number
  /** True if that lies within `AGREEMENT`. */
  readonly isDecided: boolean
}

/** The results of every contender, by round. */
export interface Race<Kind extends Slice> {
  readonly slices: ReadonlyMap<string, readonly Kind[]>
  readonly noise: Noise
}

/** As near as two identical floors have to come. */
export const AGREEMENT = { min: 0.96, max: 1.04 }

/**
 * Rounds of the same processes. Two processes of one program differ by some percent for as long as they live, so there
 * have to be several; and no session of one gets so old that its cookie is sent again.
 */
const BATCH = 30

/**
 * Runs slices of all contenders in turn, in another order each round, so that whatever else the machine does meets them
 * all. Ends when the floor agrees with itself, or after the most rounds.
 */
export async function race<Kind extends Slice>(
  runners: readonly Runner<Kind>[],
  { rounds, mostRounds }: RaceOptions,
): Promise<Race<Kind>> {
  const slices = new Map<string, Kind[]>(runners.map(({ contender }) => [contender, []]))
  let noise: Noise = { rounds: 0, floorRatio: Number.NaN, isDecided: false }
  while (noise.rounds < rounds || (!noise.isDecided && noise.rounds < mostRounds)) {
    // One after the other, so that none disturbs another.
    // oxlint-disable-next-line no-await-in-loop
    await runBatch(runners, slices)
    noise = noiseOf(slices, noise.rounds + BATCH)
  }
  return { slices, noise }
}

async function runBatch<Kind extends Slice>(
  runners: readonly Runner<Kind>[],
  slices: ReadonlyMap<string, Kind[]>,
): Promise<void> {
  const started = new Map<string, Started<Kind>>()
  // oxlint-disable no-await-in-loop
  for (const { contender, start } of shuffled(runners)) started.set(contender, await start())
  for (let round = 0; round < BATCH; round += 1) {
    for (const [contender, { run }] of shuffled([...started])) {
      slices.get(contender)?.push(await run())
    }
  }
  // oxlint-enable no-await-in-loop
  await Promise.all(Array.from(started.values(), ({ kill }) => kill()))
}

function noiseOf(slices: ReadonlyMap<string, readonly Slice[]>, rounds: number): Noise {
  const again = comparisonsOf(slices).find(({ contender }) => contender === FLOOR_AGAIN)
  const floorRatio = again?.fastestRatio ?? Number.NaN
  const isDecided = floorRatio >= AGREEMENT.min && floorRatio <= AGREEMENT.max
  return { rounds, floorRatio, isDecided }
}

function shuffled<Each>(all: readonly Each[]): Each[] {
  const keyed = all.map((each) => ({ each, key: Math.random() }))
  return keyed.toSorted((one, other) => one.key - other.key).map(({ each }) => each)
}
