// The budgets of the design that need no clock: npm run budgets [-- --files]
import { parseArgs } from 'node:util'

import { type BudgetFigures, budgetFigures } from './budgets/figures.ts'
import { fromCommandLine } from './command-line.mjs'

interface Row {
  readonly measure: string
  readonly today: number
  /** The most that it may be. */
  readonly most?: number
  readonly unit?: string
}

const { values } = fromCommandLine('npm run budgets -- [--files]', () =>
  parseArgs({
    options: {
      /** Lists the files of each bundle, path and cycle, too. */
      files: { type: 'boolean', default: false },
    },
  }),
)
const figures = await budgetFigures()
process.stdout.write(`${tableOf(rowsOf(figures))}\n`)
if (values.files) process.stdout.write(`\n${filesOf(figures)}\n`)

function rowsOf({ sizes, paths, made, cycles }: BudgetFigures): Row[] {
  return [
    { measure: 'core + object store, min + gzip', ...inKb(sizes.objects.bytes), most: 12.5 },
    { measure: 'core + KV store, min + gzip', ...inKb(sizes.kv.bytes), most: 10.5 },
    { measure: 'files on the path of a read', today: paths.read.length, most: 18 },
    {
      measure: 'files on the path of a write',
      today: paths['read, then write'].length,
      most: 21,
    },
    { measure: 'files on the path of a sign-in', today: paths['sign-in'].length, most: 28 },
    { measure: 'files on the path of a listed sign-in', today: paths['sign-in, listed'].length },
    { measure: 'promises, anonymous', today: made.anonymous.promises },
    { measure: 'promises, read', today: made.read.promises },
    { measure: 'promises, blind write', today: made['blind write'].promises },
    { measure: 'promises, read, then write', today: made['read, then write'].promises, most: 36 },
    { measure: 'promises, increment', today: made.increment.promises },
    { measure: 'promises, sign-in', today: made['sign-in'].promises },
    { measure: 'promises, listed sign-in', today: made['sign-in, listed'].promises },
    { measure: 'timers, anonymous', today: made.anonymous.timers, most: 0 },
    { measure: 'timers, read', today: made.read.timers, most: 1 },
    { measure: 'timers, blind write', today: made['blind write'].timers, most: 1 },
    { measure: 'timers, read, then write', today: made['read, then write'].timers, most: 1 },
    { measure: 'timers, increment', today: made.increment.timers, most: 1 },
    { measure: 'timers, sign-in', today: made['sign-in'].timers, most: 1 },
    { measure: 'files in import cycles', today: cycles.flat().length, most: 0 },
  ]
}

function inKb(bytes: number): Pick<Row, 'today' | 'unit'> {
  return { today: bytes / 1000, unit: ' kB' }
}

function tableOf(rows: readonly Row[]): string {
  const lines = rows.map(({ measure, today, most, unit = '' }) => {
    const shown = unit === '' ? String(today) : today.toFixed(3) + unit
    if (most === undefined) return `| ${measure} | ${shown} | | |`
    return `| ${measure} | ${shown} | ${most}${unit} | ${today <= most ? 'yes' : 'NO'} |`
  })
  return ['| measure | today | must reach | ok |', '| --- | --- | --- | --- |', ...lines].join('\n')
}

function filesOf({ sizes, paths, cycles }: BudgetFigures): string {
  const lists: [string, readonly string[]][] = [
    ['bundle with the object store', sizes.objects.files],
    ['bundle with the KV store', sizes.kv.files],
    ...Object.entries(paths).map(([work, files]): [string, readonly string[]] => [
      `path, ${work}`,
      files,
    ]),
    ...cycles.map((files): [string, readonly string[]] => ['cycle', files]),
  ]
  return lists
    .map(
      ([name, files]) => `${name}: ${files.length}\n${files.map((file) => `  ${file}`).join('\n')}`,
    )
    .join('\n\n')
}
