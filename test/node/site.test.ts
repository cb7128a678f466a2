import assert from 'node:assert/strict'
import { access, readFile } from 'node:fs/promises'
import { join } from 'node:path'
import { gzipSync } from 'node:zlib'

import { builtPage, RECORDING } from '../../scripts/site/built-page.ts'
import { LIBRARIES, ROWS } from '../../scripts/site/comparison.ts'
import type { Recording } from '../../scripts/site/recording.ts'
import { ROOT } from './project.ts'
import { describe, it } from './suite.ts'

const MAX_BYTES = 60_000
const page = await readFile(join(ROOT, 'docs/index.html'), 'utf8')

describe('docs/index.html', () => {
  it('is what the script makes of the recording and the documents', async () => {
    assert.ok(page === (await builtPage()), 'Run: npm run docs:site')
  })

  it('has at most 60 kB, and loads nothing', () => {
    assert.ok(gzipSync(page).length <= MAX_BYTES)
    assert.doesNotMatch(page, /\bsrc=|@import|url\(|<link\b|https?:/)
  })

  it('links files that are there', async () => {
    const links = Array.from(page.matchAll(/href="([^"#]+)"/g), ([, target = '']) => target)
    assert.ok(links.length > 10)
    for (const target of links) await access(join(ROOT, 'docs', target))
  })

  it('has an answer of every library in every row', () => {
    for (const [question, ...answers] of ROWS)
      assert.equal(answers.length, LIBRARIES.length, question)
  })

  it('says of other libraries what the README says', async () => {
    const readme = await readFile(join(ROOT, 'README.md'), 'utf8')
    const rowOf = (name: string): string[] => {
      const [line = ''] = new RegExp(`^\\| ${name} .*$`, 'm').exec(readme) ?? []
      return line
        .split('|')
        .slice(3, -1)
        .map((cell) => cell.trim())
    }
    const siteRow = (name: string): string[] =>
      ROWS.find(([question]) => question === name)?.slice(2) ?? []
    assert.deepEqual(siteRow('Minified and gzipped'), rowOf('gzip'))
    const isBad = (answers: string[]): boolean[] => answers.map((answer) => answer.startsWith('!'))
    for (const [ours, theirs] of [
      ['Two overlapping writes', 'two overlapping writes'],
      ['Sign-out during a slow request', 'sign-out during a slow request'],
    ] as const) {
      assert.deepEqual(
        isBad(siteRow(ours)),
        rowOf(theirs).map((cell) => /lost|loses|undone/.test(cell)),
      )
    }
    for (const [name, version] of LIBRARIES.slice(1))
      assert.ok(readme.toLowerCase().includes(version.replace(/,.*/, '')), `${name} ${version}`)
  })

  it('shows a recording in which both races took place', async () => {
    const { lanes } = JSON.parse(await readFile(RECORDING, 'utf8')) as Recording
    assert.deepEqual(
      lanes.map(({ lane }) => lane),
      ['naive', 'objects'],
    )
    for (const { lane, increments, stored, signOut, opensAfterwards } of lanes) {
      const isOurs = lane === 'objects'
      assert.ok(increments.every(({ from }) => increments.every(({ to }) => from < to)))
      assert.equal(stored === increments.length, isOurs)
      assert.equal(opensAfterwards, isOurs ? null : 'ada')
      const [slow, end, read] = signOut
      assert.ok(slow !== undefined && end !== undefined && read !== undefined)
      assert.ok(slow.from < end.from && end.to < slow.to && slow.to <= read.from)
      assert.equal(slow.status, isOurs ? 409 : 200)
    }
  })
})
