import assert from 'node:assert/strict'
import { readFile } from 'node:fs/promises'
import { join } from 'node:path'

import { ROOT } from './project.ts'
import { describe, it } from './suite.ts'

/** The table of what each store guarantees, without its spacing. */
async function guaranteesIn(...path: string[]): Promise<string[]> {
  const text = await readFile(join(ROOT, ...path), 'utf8')
  const [, table = ''] = /^(\| store +\|(?:.*\n\|)+.*)$/m.exec(text) ?? []
  return table.split('\n').map((row) => row.replaceAll(/ *\| */g, '|'))
}

const GUARANTEES = [
  '|store|update atomicity|read-your-writes|revocation|touch|',
  '|Durable Object|atomic per key, serialised per session|yes, everywhere|at once|metadata, with the read|',
  '|KV|last write wins per session|same location; others up to 60 s later|up to 60 s|none: the signed token carries the time; the value holds the absolute deadline|',
  '|memory|atomic|this isolate|this isolate|metadata|',
  '|Redis|atomic: one script a write|yes, everywhere|at once|metadata, with the read|',
  '|memcached|atomic: compare-and-swap|yes, everywhere|at once; an evicted session is over|metadata, with the read|',
]

describe('what each store guarantees', () => {
  it('is the same wherever it is written', async () => {
    for (const path of [['README.md'], ['docs', 'stores.md']]) {
      const rows = await guaranteesIn(...path)
      assert.deepEqual(
        rows.filter((row) => !row.includes('---')),
        GUARANTEES,
        path.join('/'),
      )
    }
  })
})
