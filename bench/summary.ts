import type { Comparison } from './comparison.ts'
import type { Work } from './contenders.ts'
import type { Growth } from './growth.ts'
import type { Inside } from './inside.ts'
import { AGREEMENT, type Noise } from './race.ts'
import type { Spread } from './spread.ts'

/** The result of one contender at one work under load. Rates are requests a second, latencies milliseconds. */
export interface Figure extends Comparison {
  readonly work: Work
  readonly p50: Spread
  readonly p99: Spread
  /** Set-Cookie headers of one request. */
  readonly setCookies: number
}

/** How far the figures of each work can be trusted. */
export type NoiseOf = Readonly<Partial<Record<Work, Noise>>>

/** Returns the figures under load as a Markdown table. */
export function tableOf(figures: readonly Figure[]): string {
  const header = [
    'work',
    'contender',
    'ratio to the floor, fastest sixth',
    'median (min–max)',
    'by CPU time',
    'requests/s',
    'p50 ms',
    'p99 ms',
    'CPU µs',
    'Set-Cookie',
  ]
  const rows = figures.map((figure) => [
    figure.work,
    figure.contender,
    figure.fastestRatio.toFixed(2),
    spread(figure.ratio, 2),
    figure.cpuRatio.toFixed(2),
    figure.fastestRate.toFixed(0),
    figure.p50.median.toFixed(2),
    figure.p99.median.toFixed(1),
    figure.cpuMicroseconds.toFixed(0),
    figure.setCookies.toFixed(2),
  ])
  return markdown(header, rows)
}

export function spread({ min, median, max }: Spread, digits: number): string {
  return `${median.toFixed(digits)} (${min.toFixed(digits)}–${max.toFixed(digits)})`
}

/** Returns what was measured within the Workers as a Markdown table. */
export function insideTableOf(results: readonly Inside[]): string {
  const header = [
    'work',
    'contender',
    'ratio to the floor, fastest sixth',
    'median (min–max)',
    'by CPU time',
    'µs in a loop, fastest sixth',
    'median (min–max)',
    'CPU µs',
    'store calls',
    'bytes with them',
    'Set-Cookie',
  ]
  const rows = results.map((result) => [
    result.work,
    result.contender,
    result.fastestRatio.toFixed(2),
    spread(result.ratio, 2),
    result.cpuRatio.toFixed(2),
    result.fastestMicroseconds.toFixed(1),
    spread(result.microseconds, 1),
    result.cpuMicroseconds.toFixed(1),
    String(result.calls),
    String(result.bytes),
    String(result.setCookies),
  ])
  return markdown(header, rows)
}

export function growthTableOf(results: readonly Growth[]): string {
  const rows = results.map(({ what, at, contender, p50, rate, bytes = '' }) => [
    what,
    at,
    contender,
    p50.toFixed(2),
    rate.toFixed(0),
    String(bytes),
  ])
  return markdown(['what', 'at', 'contender', 'p50 ms', 'requests/s', 'bytes'], rows)
}

/** Says for each work how near the floor came to itself, and whether that is near enough. */
export function noiseTableOf(noise: NoiseOf): string {
  const rows = Object.entries(noise).map(([work, { rounds, floorRatio, isDecided }]) => [
    work,
    String(rounds),
    floorRatio.toFixed(3),
    isDecided ? 'yes' : `NO: not within ${AGREEMENT.min}–${AGREEMENT.max}. Measure again.`,
  ])
  return markdown(['work', 'rounds', 'floor against itself', 'decides'], rows)
}

/** Returns a Markdown table. */
export function markdown(header: readonly string[], rows: readonly (readonly string[])[]): string {
  const lines = [header, header.map(() => '---'), ...rows]
  return lines.map((cells) => `| ${cells.join(' | ')} |`).join('\n')
}
