import assert from 'node:assert/strict'
import { readFile } from 'node:fs/promises'
import { join } from 'node:path'

import type { Work } from '../../bench/contenders.ts'
import type { Growth } from '../../bench/growth.ts'
import type { Inside } from '../../bench/inside.ts'
import type { Figure } from '../../bench/summary.ts'
import { ROOT } from './project.ts'
import { describe, it } from './suite.ts'

interface Part<Result> {
  readonly about: { readonly date: string; readonly objects: string }
  readonly results: readonly Result[]
}

/** What `npm run bench` has kept. */
interface Run {
  readonly load: Part<Figure>
  readonly inside: Part<Inside>
  readonly growth: Part<Growth>
}

const textOf = (path: string): Promise<string> => readFile(join(ROOT, path), 'utf8')
const runOn = async (where: string): Promise<Run> =>
  JSON.parse(await textOf(`bench/results/${where}.json`)) as Run

const readme = await textOf('README.md')
const performance = await textOf('docs/performance.md')
const memory = await runOn('tmpfs')
const disk = await runOn('disk')

/** What the documents call each work. */
const WORKS: ReadonlyMap<string, Work> = new Map([
  ['anonymous, stores nothing', 'anonymous'],
  ['read, Durable Object', 'read'],
  ['read, then write one key, DO', 'write'],
  ['increment, all on one session', 'increment, one session'],
  ['read, `cached`; peers: their read', 'read, cached'],
  ['read, KV (simulated)', 'read, KV'],
  ['read, then write one key, KV', 'write, KV'],
])

/** The contender that is ours at a work. */
function oursAt(work: Work): string {
  if (work === 'read, cached') return 'edge-session, read cache'
  return work.endsWith('KV') ? 'edge-session, KV' : 'edge-session, objects'
}

/** The table whose first row has these cells at its beginning, without the line below it. */
function tableOf(document: string, ...beginning: string[]): string[][] {
  const blocks = document.split(/\n(?!\|)/).map((block) => block.trim().split('\n'))
  const rows = blocks
    .map((lines) => lines.filter((line) => line.startsWith('|')).map(cellsOf))
    .find(([header]) => beginning.every((cell, index) => header?.[index] === cell))
  assert.ok(rows !== undefined, `There is no table of ${beginning.join(', ')}.`)
  return rows.toSpliced(1, 1)
}

function cellsOf(line: string): string[] {
  return line
    .split('|')
    .slice(1, -1)
    .map((cell) => cell.trim())
}

function spread({ median, min, max }: Figure['ratio'], digits: number): string {
  return `${median.toFixed(digits)} (${min.toFixed(digits)}–${max.toFixed(digits)})`
}

describe('the figures beside other libraries, and the sizes', () => {
  const ratioOf = (run: Run, work: Work, contender: string): string => {
    const figure = run.load.results.find(
      (result) => result.work === work && result.contender === contender,
    )
    return figure?.ratio.median.toFixed(2) ?? ''
  }

  it('are those of the last run', () => {
    const [[work = '', ours = '', ...peers] = [], ...rows] = tableOf(
      performance,
      'work',
      'edge-session',
    )
    const wanted = Array.from(WORKS, ([label, name]) => [
      label,
      ratioOf(memory, name, oursAt(name)),
      ...peers.map((peer) => ratioOf(memory, name, peer)),
    ])
    assert.deepEqual([work, ours], ['work', 'edge-session'])
    assert.deepEqual(rows, wanted)
    assert.ok(performance.includes(`with the objects in memory, ${memory.load.about.date};`))
    const onDisk = [oursAt('write'), 'rwsdk, objects'].map((name) => ratioOf(disk, 'write', name))
    assert.ok(performance.includes(`comes to ${onDisk[0]} for ours and ${onDisk[1]} for rwsdk's.`))
  })

  it('say how far the floor is from itself', () => {
    const again = memory.load.results.filter(({ contender }) => contender === 'floor again')
    const medians = again.map(({ ratio }) => ratio.median)
    const range = [Math.min(...medians), Math.max(...medians)].map((median) => median.toFixed(2))
    const said = `came to between ${range.join(' and ')}`
    assert.equal(performance.split(said).length, 3, said)
  })

  it('say the sizes that the build is held to', async () => {
    const limits = JSON.parse(await textOf('.size-limit.json')) as { name: string; limit: string }[]
    const limitOf = (name: string): string | undefined =>
      limits.find((entry) => entry.name === name)?.limit
    const [, objects, kv] =
      /at most (\d+\.\d kB) with Durable Objects and (\d+\.\d kB) with KV, minified and gzipped/.exec(
        readme.replaceAll('\n', ' '),
      ) ?? []
    assert.ok(objects !== undefined)
    assert.equal(objects, limitOf('core + Durable Object store'))
    assert.equal(kv, limitOf('core + KV store'))
    const [, compared] = /^\| gzip +\| ([^|]*?) +\|/m.exec(readme) ?? []
    assert.equal(compared, objects)
  })
})

describe('the figures of the performance document are those of the last run:', () => {
  it('under load', () => {
    const works = ['anonymous', 'read, objects', 'write, objects', 'read, KV', 'read, cached']
    const [, ...rows] = tableOf(performance, 'work', 'the aim')
    for (const label of works) {
      const work = label.replace(/, objects$/, '')
      const figure = memory.load.results.find(
        (result) => result.work === work && result.contender === oursAt(result.work),
      )
      const cell = rows.find(([first]) => first === label)?.[2] ?? ''
      assert.ok(figure !== undefined && cell.startsWith(spread(figure.ratio, 2)), label)
    }
    const { date } = memory.load.about
    assert.ok(
      performance.includes(`the last time on ${date} on 2 cores with the objects in memory`),
    )
  })

  it('in a loop within one request', () => {
    const inside = memory.inside.results
    const [, ...rows] = tableOf(performance, 'work', 'edge-session, µs in a loop')
    const wanted = Array.from(WORKS, ([label, work]) => {
      const all = inside.filter((result) => result.work === work)
      const ours = all.find(({ contender }) => contender === oursAt(work))
      const floor = all.find(({ contender }) => contender === 'floor')
      const [peer] = all
        .filter(({ contender }) => !/^(floor|edge-session)/.test(contender))
        .toSorted((one, other) => one.microseconds.median - other.microseconds.median)
      assert.ok(ours !== undefined && floor !== undefined && peer !== undefined, work)
      const { microseconds, ratio, calls, bytes } = ours
      const times = [microseconds, floor.microseconds].map((time) => spread(time, 0))
      const fastest = `${peer.microseconds.median.toFixed(0)}, ${peer.contender}`
      return [label, ...times, ratio.median.toFixed(2), String(calls), String(bytes), fastest]
    })
    assert.deepEqual(rows, wanted)
  })

  const p50 = (what: string, at: string, contender: string): string =>
    growthOf(what, at, contender)?.p50.toFixed(2) ?? ''
  const growthOf = (what: string, at: string, contender: string): Growth | undefined =>
    memory.growth.results.find(
      (result) => result.what === what && result.at === at && result.contender === contender,
    )

  it('how a write grows with the session', () => {
    const what = 'one key set in a session of'
    const [, ...rows] = tableOf(performance, 'a session of')
    const wanted = ['1 kB', '10 kB', '100 kB', '1000 kB'].map((at) => [
      at,
      p50(what, at, 'edge-session, objects'),
      p50(what, at, 'floor'),
      String(growthOf(what, at, 'edge-session, objects')?.bytes),
    ])
    assert.deepEqual(rows, wanted)
  })

  it('how a read grows with the number of sessions', () => {
    const [, ...rows] = tableOf(performance, 'sessions, read in turn')
    const wanted = ['1', '100', '1,000', '5,000', '100,000'].map((at) => [
      at,
      p50('read, one of so many sessions', at, 'edge-session, objects'),
      p50('read, one of so many sessions', at, 'floor'),
      p50('read, KV, one of so many sessions', at, 'edge-session, KV'),
    ])
    assert.deepEqual(rows, wanted)
  })
})
