import type { Comparison } from './comparison.ts'
import type { Work } from './contenders.ts'
import { markdown } from './summary.ts'

/** A figure of ours that the design asks for. */
interface Aim {
  readonly work: Work
  readonly contender: string
  /** The least share of the floor's speed. */
  readonly least: number
  /** Faster than this one, or so many times as fast as the fastest of these. */
  readonly peers?: { readonly names: RegExp; readonly times: number }
}

const AIMS: readonly Aim[] = [
  { work: 'read', contender: 'edge-session, objects', least: 1 },
  { work: 'write', contender: 'edge-session, objects', least: 0.88 },
  { work: 'increment, one session', contender: 'edge-session, objects', least: 0.9 },
  {
    work: 'read, KV',
    contender: 'edge-session, KV',
    least: 0.92,
    peers: { names: /^React Router/, times: 1 },
  },
  {
    work: 'write, KV',
    contender: 'edge-session, KV',
    least: 0.8,
    peers: { names: /^React Router/, times: 1 },
  },
  {
    work: 'read, cached',
    contender: 'edge-session, read cache',
    least: 1,
    peers: { names: /^(?!floor|edge-session)/, times: 2.5 },
  },
]

/** Returns the aims beside what was reached, by the fastest sixth of the rounds and by CPU time, as a Markdown table. */
export function verdictTableOf(results: readonly (Comparison & { readonly work: Work })[]): string {
  const rows = AIMS.flatMap((aim) => {
    const ours = results.find(
      ({ work, contender }) => work === aim.work && contender === aim.contender,
    )
    return ours === undefined ? [] : [...rowsOf(aim, ours, results)]
  })
  return markdown(['measure', 'fastest sixth', 'by CPU time', 'must reach', 'ok'], rows)
}

function rowsOf(
  { work, contender, least, peers }: Aim,
  ours: Comparison,
  results: readonly (Comparison & { readonly work: Work })[],
): string[][] {
  const { fastestRatio, cpuRatio } = ours
  const rows = [rowOf(`${work}, share of the floor`, [fastestRatio, cpuRatio], least)]
  if (peers === undefined) return rows
  const rivals = results.filter((each) => each.work === work && peers.names.test(each.contender))
  const [fastest] = rivals.toSorted((one, other) => other.fastestRatio - one.fastestRatio)
  if (fastest === undefined) return rows
  const times = [fastestRatio / fastest.fastestRatio, cpuRatio / fastest.cpuRatio]
  return [...rows, rowOf(`${work}, ${contender} by ${fastest.contender}`, times, peers.times)]
}

function rowOf(
  measure: string,
  [fastest = 0, cpu = 0]: readonly number[],
  least: number,
): string[] {
  const isReached = fastest >= least
  return [measure, fastest.toFixed(2), cpu.toFixed(2), least.toFixed(2), isReached ? 'yes' : 'NO']
}
