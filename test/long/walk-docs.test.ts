import assert from 'node:assert/strict'

import { checkDocument } from '../../scripts/code-blocks.ts'
import { documents, examples } from '../../scripts/repository-texts.ts'
import { commandsOf } from '../../scripts/walk/commands.ts'
import { NOT_RUN } from '../../scripts/walk/not-run.ts'
import { Walk } from '../../scripts/walk/walk.ts'
import { packed } from '../../scripts/walk/world.ts'
import { describe, it } from '../node/suite.ts'

const [tarball, texts, known] = await Promise.all([packed(), documents(), examples()])

/** `npm run docs:walk` follows it too. It installs and builds an application of each framework, which takes many minutes. */
const LONG = 'docs/frameworks.md'
/** The documents in which a reader has something to run. */
const followed = [...texts].filter(
  ([path, text]) =>
    commandsOf(path, text).length + checkDocument(path, text, known).shown.length > 0,
)

describe('a new user who follows', () => {
  for (const [path, text] of followed) {
    if (path === LONG) continue
    it(`${path} gets what it says`, async () => {
      const { ran, notRun, files, faults } = await new Walk(path, tarball).all(text, known)
      assert.deepEqual(faults, [])
      assert.ok(ran.length + notRun.length + files.length > 0)
    })
  }

  it('can follow most documents', () => {
    const paths = followed.map(([path]) => path)
    for (const path of ['README.md', 'docs/cli.md', LONG]) assert.ok(paths.includes(path), path)
    assert.ok(paths.length > texts.size / 2)
  })

  it('README.md is told how to install it and what to try', async () => {
    const readme = commandsOf('README.md', texts.get('README.md') ?? '')
    const commands = new Set(readme.map(({ text }) => text))
    for (const command of ['npm install edge-session', 'npx edge-session init', 'npm start'])
      assert.ok(commands.has(command), command)
  })
})

describe('the walk', () => {
  it('leaves out no command that no document has', () => {
    const commands = [...texts].flatMap(([path, text]) => commandsOf(path, text))
    for (const [pattern] of NOT_RUN)
      assert.ok(
        commands.some(({ text }) => pattern.test(text)),
        String(pattern),
      )
  })

  it('finds a command that fails, and an output that is not there', async () => {
    const document = [
      '```sh',
      'npx edge-session no-such-command',
      '```',
      '',
      '```console',
      '$ npx edge-session init',
      '+class_name = "NoSuchObject"',
      '```',
    ].join('\n')
    const { faults } = await new Walk('docs/none.md', tarball).all(document, known)
    assert.deepEqual(
      faults.map(({ place }) => place),
      ['docs/none.md:2', 'docs/none.md:6'],
    )
  })
})

describe('the commands of a document', () => {
  it('are its lines, its prompts, and the parts of a list', () => {
    const document = [
      '> ```sh',
      '> a && b \\',
      '>   c |',
      '>   d',
      '> ```',
      '```console',
      '$ e',
      'said',
      '$ f',
      '```',
      '```toml',
      'g',
      '```',
    ].join('\n')
    assert.deepEqual(commandsOf('x.md', document), [
      { place: 'x.md:2', text: 'a', output: '' },
      { place: 'x.md:2', text: 'b   c |  d', output: '' },
      { place: 'x.md:7', text: 'e', output: 'said' },
      { place: 'x.md:9', text: 'f', output: '' },
    ])
  })
})
