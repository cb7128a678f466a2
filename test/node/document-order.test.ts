import assert from 'node:assert/strict'
import { readFile } from 'node:fs/promises'
import { join } from 'node:path'

import { DOCUMENT_GROUPS } from '../../demo/page/docs-page.ts'
import { documentsInOrder } from '../../scripts/documents-in-order.ts'
import { textsOf } from '../../scripts/repository-texts.ts'
import { ROOT } from './project.ts'
import { describe, it } from './suite.ts'

const groups = await documentsInOrder()
const ordered = groups.flatMap(({ files }) => files)

/** What people ask, in this order: a document of each question. */
const ASKED = [
  'cli.md',
  'frameworks.md',
  'accounts.md',
  'schema.md',
  'stores.md',
  'caching.md',
  'sockets.md',
  'once.md',
  'bound.md',
  'security.md',
  'testing.md',
  'keys.md',
  'troubleshooting.md',
  'observability.md',
  'performance.md',
  'moving-over.md',
  'reference.md',
]

describe('the list of documents', () => {
  it('in the README has every document', async () => {
    const files = [...(await textsOf('docs/*.md')).keys()].map((path) => path.slice('docs/'.length))
    assert.ok(files.length > 20)
    assert.deepEqual(ordered.toSorted(), files.toSorted())
    assert.ok((await readFile(join(ROOT, 'README.md'), 'utf8')).includes('](docs/decisions)'))
  })

  it('in the README is in the order in which people ask', () => {
    assert.deepEqual(
      ordered.filter((file) => ASKED.includes(file)),
      ASKED,
    )
  })

  it('in the playground is the same, in the same groups', () => {
    const shown = DOCUMENT_GROUPS.map(([name, documents]) => ({
      name,
      files: documents.map(([file]) => file),
    }))
    assert.deepEqual(shown, groups)
  })

  it('in docs/index.html is in the same order, after the README', async () => {
    const page = await readFile(join(ROOT, 'docs/index.html'), 'utf8')
    const [, list = ''] = page.split('<h2 id="docs">')
    const linked = Array.from(list.matchAll(/href="([\w./-]+\.md)"/g), ([, file = '']) => file)
    assert.deepEqual(linked, ['../README.md', ...ordered])
  })
})
