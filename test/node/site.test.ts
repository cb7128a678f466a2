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
