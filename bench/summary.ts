import type { Work } from './contenders.ts'
import type { Growth } from './growth.ts'
import type { Inside } from './inside.ts'
import { type Spread, spreadOf } from './spread.ts'

/** One measurement. Rates are requests a second, latencies milliseconds. */
export interface Sample {
  readonly contender: string
  readonly work: Work
  readonly round: number
  readonly rate: number
  readonly p50: number
  readonly p99: number
  readonly cpuMicroseconds: number
  readonly setCookies: number
}

/** What one contender reached at one work, over all rounds. */
export interface Figure {
  readonly contender: string
  readonly work: Work
  /** The rate divided by that of the floor in the same round. */
  readonly ratio: Spread
  readonly rate: Spread
  readonly p50: Spread
  readonly p99: Spread
  readonly cpuMicroseconds: Spread
  /** For each request. */
  readonly setCookies: number
}

const FLOOR = 'floor'

export function summaryOf(samples: readonly Sample[]): Figure[] {
  const groups = Map.groupBy(samples, ({ work, contender }) => `${work}\n${contender}`)
  return Array.from(groups.values(), (group) => figureOf(group, samples)).filter(
    (figure) => figure !== undefined,
  )
}

function figureOf(group: readonly Sample[], samples: readonly Sample[]): Figure | undefined {
  const [first] = group
  if (first === undefined) return undefined
  const { contender, work, setCookies } = first
  const floors = samples.filter((sample) => sample.work === work && sample.contender === FLOOR)
  const floorRates = new Map(floors.map(({ round, rate }) => [round, rate]))
  return {
    contender,
    work,
    ratio: spreadOf(group.map(({ round, rate }) => rate / (floorRates.get(round) ?? Number.NaN))),
    rate: spreadOf(group.map(({ rate }) => rate)),
    p50: spreadOf(group.map(({ p50 }) => p50)),
    p99: spreadOf(group.map(({ p99 }) => p99)),
    cpuMicroseconds: spreadOf(group.map(({ cpuMicroseconds }) => cpuMicroseconds)),
    setCookies,
  }
}

/** The figures as a Markdown table. */
export function tableOf(figures: readonly Figure[]): string {
  const rows = figures.map((figure) => {
    const { contender, work, ratio, rate, p50, p99, cpuMicroseconds, setCookies } = figure
    return `| ${work} | ${contender} | ${spread(ratio, 2)} | ${rate.median.toFixed(0)} | ${p50.median.toFixed(2)} | ${p99.median.toFixed(1)} | ${cpuMicroseconds.median.toFixed(0)} | ${setCookies.toFixed(2)} |`
  })
  return [
    '| work | contender | ratio to the floor, median (min–max) | requests/s | p50 ms | p99 ms | CPU µs | Set-Cookie |',
    '| --- | --- | --- | --- | --- | --- | --- | --- |',
    ...rows,
  ].join('\n')
}

function spread({ min, median, max }: Spread, digits: number): string {
  return `${median.toFixed(digits)} (${min.toFixed(digits)}–${max.toFixed(digits)})`
}

/** What was measured within the Workers, as a Markdown table. */
export function insideTableOf(results: readonly Inside[]): string {
  return [
    '| work | contender | µs in a loop, median (min–max) | ratio to the floor | store calls | bytes with them | Set-Cookie |',
    '| --- | --- | --- | --- | --- | --- | --- |',
    ...results.map(
      ({ work, contender, microseconds, ratio, calls, bytes, setCookies }) =>
        `| ${work} | ${contender} | ${spread(microseconds, 1)} | ${spread(ratio, 2)} | ${calls} | ${bytes} | ${setCookies} |`,
    ),
  ].join('\n')
}

export function growthTableOf(results: readonly Growth[]): string {
  return [
    '| what | at | contender | p50 ms | requests/s | bytes |',
    '| --- | --- | --- | --- | --- | --- |',
    ...results.map(
      ({ what, at, contender, p50, rate, bytes = '' }) =>
        `| ${what} | ${at} | ${contender} | ${p50.toFixed(2)} | ${rate.toFixed(0)} | ${bytes} |`,
    ),
  ].join('\n')
}
