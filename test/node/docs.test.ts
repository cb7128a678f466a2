import assert from 'node:assert/strict'
import { access, readFile } from 'node:fs/promises'
import { dirname, join } from 'node:path'

import { documents, textsOf } from '../../scripts/repository-texts.ts'
import { ROOT } from './project.ts'
import { describe, it } from './suite.ts'

const security = await readFile(join(ROOT, 'docs', 'security.md'), 'utf8')

/** The tests that the tables name: a file, and words of a test in it. */
function citedTests(): { file: string; name: string }[] {
  const cited = security.matchAll(
    /\| ((?:[\w-]+\/[\w-]+\.test|store-contract\/[\w-]+)\.ts)(?:: ([^|]+?))?\s*\|/g,
  )
  return Array.from(cited, ([, file = '', name = '']) => ({ file, name }))
}

describe('the security document', () => {
  it('names tests that are there', async () => {
    const cited = citedTests()
    assert.ok(cited.length > 40)
    for (const { file, name } of cited) {
      const folder = file.startsWith('store-contract/') ? 'src/testing' : 'test'
      const source = await readFile(join(ROOT, folder, file), 'utf8')
      assert.ok(source.includes(name), `${file}: ${name}`)
    }
  })
})

/** A heading's name in a link, as GitHub makes it. */
function anchorOf(heading: string): string {
  return heading
    .toLowerCase()
    .replaceAll(/[^\w\- ]/g, '')
    .replaceAll(' ', '-')
}

describe('every document', () => {
  it('links what is there', async () => {
    const texts = new Map([...(await documents()), ...(await textsOf('docs/decisions/*.md'))])
    assert.ok(texts.size > 10)
    for (const [path, written] of texts) {
      const text = written.replaceAll(/^ *```[^]*?^ *```$|`[^`\n]*`/gm, '')
      for (const [, target = '', anchor] of text.matchAll(
        /\]\((?!\w+:)([^)#\s]*)(?:#([^)]*))?\)/g,
      )) {
        const linked = target === '' ? path : join(dirname(path), target)
        await access(join(ROOT, linked)).catch(() => assert.fail(`${path} links ${linked}`))
        if (anchor !== undefined && linked.endsWith('.md')) {
          const headings = (await readFile(join(ROOT, linked), 'utf8')).matchAll(/^#+ (.*)$/gm)
          const anchors = Array.from(headings, ([, heading = '']) => anchorOf(heading))
          assert.ok(anchors.includes(anchor), `${path} links ${linked}#${anchor}`)
        }
      }
    }
  })

  it('names scripts that are there', async () => {
    const { scripts } = JSON.parse(await readFile(join(ROOT, 'package.json'), 'utf8')) as {
      scripts: Record<string, string>
    }
    for (const [path, text] of await documents())
      for (const [, name = ''] of text.matchAll(/\bnpm run ([\w:-]+)/g))
        assert.ok(scripts[name] !== undefined, `${path}: npm run ${name}`)
  })
})
