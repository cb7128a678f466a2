import type { Comparison } from './comparison.ts'
import type { Work } from './contenders.ts'
import { markdown } from './summary.ts'

/** A figure of ours that the design asks for. */
interface Aim {
  readonly work: Work
  readonly contender: string
  /** The least share of the floor's speed. */
  readonly least: number
  /** So many times as fast as the fastest contender of these names, too. */
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

type Result = Comparison & { readonly work: Work }

/** One ratio, as it comes out by each way of measuring it. */
interface Estimates {
  readonly fastest: number
  readonly median: number
  readonly cpu: number
}

/** Returns the aims beside what was reached as a Markdown table. An aim is reached if all three estimates say so. */
export function verdictTableOf(results: readonly Result[]): string {
  const rows = AIMS.flatMap((aim) => {
    const ours = results.find(
      ({ work, contender }) => work === aim.work && contender === aim.contender,
    )
    return ours === undefined ? [] : [...rowsOf(aim, ours, results)]
  })
  const header = ['measure', 'fastest sixth', 'median', 'by CPU time', 'must reach', 'ok']
  return markdown(header, rows)
}

function rowsOf({ work, least, peers }: Aim, ours: Result, results: readonly Result[]): string[][] {
  const own = estimatesOf(ours)
  const rows = [rowOf(`${work}, share of the floor`, own, least)]
  if (peers === undefined) return rows
  const rivals = results.filter((each) => each.work === work && peers.names.test(each.contender))
  const [first] = rivals.toSorted((one, other) => other.fastestRatio - one.fastestRatio)
  if (first === undefined) return rows
  const { fastest, median, cpu } = estimatesOf(first)
  const times = { fastest: own.fastest / fastest, median: own.median / median, cpu: own.cpu / cpu }
  return [...rows, rowOf(`${work}, times ${first.contender}`, times, peers.times)]
}

function estimatesOf({ fastestRatio, ratio, cpuRatio }: Comparison): Estimates {
  return { fastest: fastestRatio, median: ratio.median, cpu: cpuRatio }
}

function rowOf(measure: string, { fastest, median, cpu }: Estimates, least: number): string[] {
  const estimates = [fastest, median, cpu]
  const reached = estimates.filter((estimate) => estimate >= least).length
  const verdict = reached === 0 ? 'NO' : 'unsure'
  const figures = [...estimates, least].map((figure) => figure.toFixed(2))
  return [measure, ...figures, reached === estimates.length ? 'yes' : verdict]
}
