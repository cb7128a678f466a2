/** The extent of several values. */
export interface Spread {
  readonly min: number
  readonly median: number
  readonly max: number
}

export function spreadOf(values: readonly number[]): Spread {
  const sorted = values.toSorted((one, other) => one - other)
  const at = (index: number): number => sorted[index] ?? Number.NaN
  const half = sorted.length >> 1
  const median = sorted.length % 2 === 1 ? at(half) : (at(half - 1) + at(half)) / 2
  return { min: at(0), median, max: at(sorted.length - 1) }
}

/** Returns the mean of the highest sixth of the rates: noise only slows, so these are the least disturbed. */
export function fastestOf(rates: readonly number[]): number {
  const sorted = rates.toSorted((one, other) => other - one)
  const fastest = sorted.slice(0, Math.max(1, Math.round(sorted.length / 6)))
  return fastest.reduce((sum, rate) => sum + rate, 0) / fastest.length
}
