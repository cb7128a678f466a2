import type { Slice } from './slice.ts'
import { fastestOf, type Spread, spreadOf } from './spread.ts'

/** How a contender compares with the floor at one work. Above 1 it is faster. */
export interface Comparison {
  readonly contender: string
  /** Operations a second, over the rounds. */
  readonly rate: Spread
  /** That divided by the floor's in the same round. */
  readonly ratio: Spread
  /** The mean rate of the fastest sixth of the rounds. */
  readonly fastestRate: number
  /** That divided by the floor's: the figure to decide by. */
  readonly fastestRatio: number
  /** CPU time of the workerd process for one operation, over all rounds. */
  readonly cpuMicroseconds: number
  /** The floor's CPU time divided by it. */
  readonly cpuRatio: number
}

/** The contender that the others are compared with, and the same once more. */
export const FLOOR = 'floor'
export const FLOOR_AGAIN = 'floor again'

/** Compares the contenders' slices of the same rounds. */
export function comparisonsOf(slices: ReadonlyMap<string, readonly Slice[]>): Comparison[] {
  const floor = slices.get(FLOOR) ?? []
  return Array.from(slices, ([contender, own]) => comparisonOf(contender, own, floor))
}

function comparisonOf(
  contender: string,
  own: readonly Slice[],
  floor: readonly Slice[],
): Comparison {
  const rates = own.map(rateOf)
  const floorRates = floor.map(rateOf)
  const fastestRate = fastestOf(rates)
  const cpuMicroseconds = cpuOf(own)
  return {
    contender,
    rate: spreadOf(rates),
    ratio: spreadOf(rates.map((rate, round) => rate / (floorRates[round] ?? Number.NaN))),
    fastestRate,
    fastestRatio: fastestRate / fastestOf(floorRates),
    cpuMicroseconds,
    cpuRatio: cpuOf(floor) / cpuMicroseconds,
  }
}

/** Returns the operations of a second. */
export function rateOf({ operations, seconds }: Slice): number {
  return operations / seconds
}

/** Returns the CPU time of one operation. The kernel counts in hundredths of a second, too coarse for one slice. */
function cpuOf(slices: readonly Slice[]): number {
  const sum = (of: (slice: Slice) => number): number =>
    slices.reduce((total, slice) => total + of(slice), 0)
  return (sum(({ cpuSeconds }) => cpuSeconds) / sum(({ operations }) => operations)) * 1e6
}
