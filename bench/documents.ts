import { readFile, writeFile } from 'node:fs/promises'

import { FLOOR, FLOOR_AGAIN } from './comparison.ts'
import { type Work, WORKS } from './contenders.ts'
import type { Growth } from './growth.ts'
import type { Inside } from './inside.ts'
import { type Table, withCells } from './markdown-table.ts'
import { type Figure, spread } from './summary.ts'

interface Part<Result> {
  readonly about: { readonly date: string }
  readonly results: readonly Result[]
}

/** The results of a whole run. */
export interface Run {
  readonly load: Part<Figure>
  readonly inside: Part<Inside>
  readonly growth: Part<Growth>
}

type Rows = (string | undefined)[][]

/** The works of the table of aims, in the order of its rows. */
const AIMED: readonly Work[] = ['anonymous', 'read', 'write', 'read, KV', 'read, cached']

/** Returns docs/performance.md with the figures beside other libraries, of a run in memory and of one on a disk. */
export function comparisonWith(document: string, memory: Run, disk: Run): string {
  const onDisk = [oursAt('write'), 'rwsdk, objects'].map((name) => ratioOf(disk, 'write', name))
  const text = withCells(document, ['work', 'edge-session'], ({ header: [, , ...peers] }) =>
    WORKS.map((work) => [oursAt(work), ...peers].map((name) => ratioOf(memory, work, name))),
  )
  return withFloor(
    text
      .replace(/(with the objects in memory, )[\d-]{10}/, `$1${memory.load.about.date}`)
      .replace(
        /(comes to )[\d.]+( for ours and )[\d.]+( for rwsdk's)/,
        `$1${onDisk[0]}$2${onDisk[1]}$3`,
      ),
    memory,
  )
}

/** Returns docs/performance.md with the figures of a run in memory. What its sentences say of them is not touched. */
export function performanceWith(document: string, run: Run): string {
  const { date } = run.load.about
  let text = document.replace(/(the last time on )[\d-]{10}/, `$1${date}`)
  text = withCells(text, ['work', 'the aim'], ({ rows }) => aimedCells(rows, run))
  text = withCells(text, ['work', 'edge-session, µs in a loop'], () =>
    WORKS.map((work) => insideCells(run, work)),
  )
  text = withCells(text, ['a session of'], (table) => sizeCells(table, run))
  text = withCells(text, ['sessions, read in turn'], (table) => numberCells(table, run))
  return withFloor(text, run)
}

/** The contender that is ours at a work. */
function oursAt(work: Work): string {
  if (work === 'read, cached') return 'edge-session, read cache'
  return work.endsWith('KV') ? 'edge-session, KV' : 'edge-session, objects'
}

function ratioOf({ load }: Run, work: Work, contender: string): string {
  const figure = load.results.find((each) => each.work === work && each.contender === contender)
  return figure?.ratio.median.toFixed(2) ?? ''
}

function withFloor(document: string, { load }: Run): string {
  const again = load.results.filter(({ contender }) => contender === FLOOR_AGAIN)
  const ratios = again.map(({ ratio }) => ratio.median)
  const [least, most] = [Math.min(...ratios), Math.max(...ratios)].map((each) => each.toFixed(2))
  return document.replace(/(came to between )[\d.]+ and [\d.]+\d/, `$1${least} and ${most}`)
}

/** The spread at the beginning of the third cell; what follows it is prose. */
function aimedCells(rows: Table['rows'], { load }: Run): Rows {
  return AIMED.map((work, row) => {
    const figure = load.results.find(
      (each) => each.work === work && each.contender === oursAt(work),
    )
    const [, , old = ''] = rows[row] ?? []
    const prose = old.replace(/^[\d.]+ \([\d.–]+\)/, '')
    return [undefined, figure && spread(figure.ratio, 2) + prose]
  })
}

function insideCells({ inside }: Run, work: Work): string[] {
  const all = inside.results.filter((result) => result.work === work)
  const ours = all.find(({ contender }) => contender === oursAt(work))
  const floor = all.find(({ contender }) => contender === FLOOR)
  const [peer] = all
    .filter(({ contender }) => !/^(floor|edge-session)/.test(contender))
    .toSorted((one, other) => one.microseconds.median - other.microseconds.median)
  if (ours === undefined || floor === undefined || peer === undefined) return []
  return [
    spread(ours.microseconds, 0),
    spread(floor.microseconds, 0),
    ours.ratio.median.toFixed(2),
    String(ours.calls),
    String(ours.bytes),
    `${peer.microseconds.median.toFixed(0)}, ${peer.contender}`,
  ]
}

function sizeCells({ rows }: Table, run: Run): Rows {
  const what = 'one key set in a session of'
  return rows.map(([at = '']) => {
    const ours = grown(run, what, at, 'edge-session, objects')
    const floor = grown(run, what, at, FLOOR)
    return [ours?.p50.toFixed(2), floor?.p50.toFixed(2), ours?.bytes?.toString()]
  })
}

function numberCells({ rows }: Table, run: Run): Rows {
  const p50 = (work: string, at: string, contender: string): string =>
    grown(run, `${work}, one of so many sessions`, at, contender)?.p50.toFixed(2) ?? ''
  return rows.map(([at = '']) => [
    p50('read', at, 'edge-session, objects'),
    p50('read', at, FLOOR),
    p50('read, KV', at, 'edge-session, KV'),
  ])
}

function grown(
  { growth }: Run,
  ...[what, at, contender]: readonly [what: string, at: string, contender: string]
): Growth | undefined {
  return growth.results.find(
    (result) => result.what === what && result.at === at && result.contender === contender,
  )
}

/** Writes the figures of the last whole runs into docs/performance.md. */
export async function writeDocuments(root: URL): Promise<void> {
  const [memory, disk] = await Promise.all(
    ['tmpfs', 'disk'].map(async (where) => {
      const file = new URL(`bench/results/${where}.json`, root)
      return JSON.parse(await readFile(file, 'utf8')) as Run
    }),
  )
  if (memory === undefined || disk === undefined) return
  await change(new URL('docs/performance.md', root), (text) =>
    performanceWith(comparisonWith(text, memory, disk), memory),
  )
}

async function change(file: URL, edit: (text: string) => string): Promise<void> {
  await writeFile(file, edit(await readFile(file, 'utf8')))
}
