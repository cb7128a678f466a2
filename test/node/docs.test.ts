import assert from 'node:assert/strict'
import { readFile } from 'node:fs/promises'
import { join } from 'node:path'

import { ROOT } from './project.ts'
import { describe, it } from './suite.ts'

const security = await readFile(join(ROOT, 'docs', 'security.md'), 'utf8')

/** The tests that the tables name: a file, and mostly a test in it. */
function citedTests(): { file: string; name: string }[] {
  const requirements = security.matchAll(
    /\| ([\w-]+\/(?:[\w-]+\.test|contract)\.ts)(?:: ([^|]+?))?\s*\|/g,
  )
  const races =
    security.split('## Races')[1]?.matchAll(/^\| [^|]+\| ([^|]+?)\s*\| [^|]+\|$/gm) ?? []
  return [
    ...Array.from(requirements, ([, file = '', name = '']) => ({ file, name })),
    ...Array.from(races, ([, name = '']) => ({ file: 'http/races.test.ts', name })).slice(2),
  ]
}

describe('the security document', () => {
  it('names tests that are there', async () => {
    const cited = citedTests()
    assert.ok(cited.length > 40)
    for (const { file, name } of cited) {
      const source = await readFile(join(ROOT, 'test', file), 'utf8')
      assert.ok(source.includes(name), `${file}: ${name}`)
    }
  })
})
