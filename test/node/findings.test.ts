import assert from 'node:assert/strict'
import { readdir, readFile, stat } from 'node:fs/promises'
import { join } from 'node:path'

import { ROOT } from './project.ts'
import { describe, it } from './suite.ts'

const DIRECTORY = join(ROOT, 'findings')
const scripts = (await readdir(DIRECTORY)).filter((name) => name.endsWith('.sh'))

describe('each finding', () => {
  it('can be run, and is listed once', async () => {
    assert.ok(scripts.length > 10)
    const list = await readFile(join(DIRECTORY, 'README.md'), 'utf8')
    for (const name of scripts) {
      // One after the other, so that the first fault is named.
      // oxlint-disable-next-line no-await-in-loop
      const { mode } = await stat(join(DIRECTORY, name))
      assert.ok((mode & 0o100) !== 0, `${name} has no run bit`)
      assert.equal(list.split(`](./${name})`).length, 2, `${name} in findings/README.md`)
    }
  })
})
