import assert from 'node:assert/strict'

import { checkDocument, type Fault, regionsOf, type Texts } from '../../scripts/code-blocks.ts'
import { checkExamples } from '../../scripts/examples-in-use.ts'
import { documents, examples, textsOf } from '../../scripts/repository-texts.ts'
import { describe, it } from './suite.ts'

const CART = `import { a } from 'a'

// #region add
function add(): void {
  // #region inner
  a(1)

  a(2)
  // #endregion inner
}
// #endregion add
`
const EXAMPLES: Texts = new Map([
  ['examples/cart.ts', CART],
  ['examples/wrangler.toml', '# #region name\nname = "x"\n# #endregion name\nmain = "y"\n'],
])
const ADD = ['function add(): void {', '  a(1)', '', '  a(2)', '}']
const INNER = ['a(1)', '', 'a(2)']

const linesOf = (faults: readonly Fault[]): string[] =>
  faults.map(({ place, what }) => `${place}: ${what}`)

/** The faults of a document of these lines. */
function faultsOf(...lines: string[]): string[] {
  return linesOf(checkDocument('docs/a.md', lines.join('\n'), EXAMPLES).faults)
}

/** A document of these lines, with its examples written anew. */
function written(...lines: string[]): string[] {
  return checkDocument('docs/a.md', lines.join('\n'), EXAMPLES).text.split('\n')
}

describe("the documents' code blocks", () => {
  it('are what the examples have', async () => {
    const known = await examples()
    const texts = await documents()
    assert.ok(texts.has('README.md') && texts.has('docs/accounts.md'))
    const checked = Array.from(texts, ([path, text]) => checkDocument(path, text, known))
    assert.deepEqual(linesOf(checked.flatMap(({ faults }) => faults)), [])
    const shown = checked.flatMap((document) => document.shown)
    const tests = new Map(await textsOf('test/**/*.ts'))
    // It names examples that are none.
    tests.delete('test/node/code-blocks.test.ts')
    const faults = checkExamples({ examples: known, documents: texts, shown, tests })
    assert.deepEqual(linesOf(faults), [])
  })
})

describe('a code block', () => {
  it('is fine that shows a file, a region, or a region in a region', () => {
    assert.deepEqual(
      faultsOf(
        '<!-- examples/cart.ts#add -->',
        '',
        '```ts',
        ...ADD,
        '```',
        'And so on:',
        '<!-- examples/cart.ts#inner -->',
        '```ts',
        ...INNER,
        '```',
        '<!-- examples/cart.ts -->',
        '```ts',
        "import { a } from 'a'",
        '',
        ...ADD,
        '```',
      ),
      [],
    )
  })

  it('of another language needs no example, and may have one', () => {
    assert.deepEqual(faultsOf('```js', 'b()', '```', '```', 'text', '```'), [])
    const block = ['```toml', 'name = "x"', '```']
    assert.deepEqual(faultsOf('<!-- examples/wrangler.toml#name -->', ...block), [])
    const other = ['```toml', 'name = "z"', '```']
    assert.deepEqual(written('<!-- examples/wrangler.toml#name -->', ...other), [
      '<!-- examples/wrangler.toml#name -->',
      ...block,
    ])
  })

  it('without an example is told', () => {
    for (const language of ['ts', 'tsx', 'typescript', 'ts title="a.ts"']) {
      const [fault = ''] = faultsOf('Text', '', `\`\`\`${language}`, 'a()', '```')
      assert.match(fault, /^docs\/a\.md:3: The block shows no example\. Put <!-- examples\//)
    }
  })

  it('is not that of a comment further up', () => {
    const faults = faultsOf('<!-- examples/cart.ts#inner -->', 'Text', '```ts', ...INNER, '```')
    assert.match(faults[0] ?? '', /^docs\/a\.md:1: No block follows the comment\. .*docs:examples$/)
    assert.match(faults[1] ?? '', /^docs\/a\.md:3: The block shows no example\./)
  })

  it('of a file that is not there is told', () => {
    assert.deepEqual(faultsOf('<!-- examples/cat.ts -->', '```ts', '```'), [
      'docs/a.md:2: There is no file examples/cat.ts. Make it, or correct the comment above the block.',
    ])
  })

  it('of a region that is not there is told, with those that are', () => {
    const [fault = ''] = faultsOf('<!-- examples/cart.ts#ad -->', '```ts', '```')
    assert.match(fault, /^docs\/a\.md:2: examples\/cart\.ts has no region ad; .*: add, inner\. Put/)
  })

  it('that is stale is told, and written anew', () => {
    const before = ['# A', '<!-- examples/cart.ts#inner -->', '```ts', 'a(1)', '```', 'Text', '']
    assert.deepEqual(faultsOf(...before), [
      'docs/a.md:3: The block is not what examples/cart.ts#inner has. Run: npm run docs:examples',
    ])
    const after = written(...before)
    assert.deepEqual(after, [...before.slice(0, 3), ...INNER, '```', 'Text', ''])
    assert.deepEqual(faultsOf(...after), [])
  })

  it('is stale by one space, by one line, and in a quotation or a list', () => {
    const stale = /^docs\/a\.md:2: The block is not what/
    const above = '<!-- examples/cart.ts#inner -->'
    for (const lines of [
      ['a(1)', '', ' a(2)'],
      ['a(1)', 'a(2)'],
      [...INNER, ''],
    ]) {
      assert.match(faultsOf(above, '```ts', ...lines, '```')[0] ?? '', stale)
    }
    for (const prefix of ['  ', '> ']) {
      const lines = (...code: string[]): string[] =>
        [above, '```ts', ...code, '```'].map((line) => `${prefix}${line}`.trimEnd())
      assert.match(faultsOf(...lines('a(1)'))[0] ?? '', stale)
      assert.deepEqual(written(...lines('a(1)')), lines(...INNER))
      assert.deepEqual(faultsOf(...lines(...INNER)), [])
    }
  })

  it('that has no end is told, and nothing behind it is touched', () => {
    const lines = ['<!-- examples/cart.ts#inner -->', '```ts', 'a(1)']
    assert.match(faultsOf(...lines).join(), /docs\/a\.md:2: The block has no end\. Put ``` behind/)
    assert.deepEqual(written(...lines), lines)
  })

  it('inside another is text', () => {
    const lines = ['````md', '<!-- examples/cart.ts -->', '```ts', 'a()', '```', '````']
    assert.deepEqual(faultsOf(...lines), [])
  })
})

describe('a comment without a block', () => {
  it('is told', () => {
    for (const below of [[], ['', 'Text'], ['<!-- examples/cart.ts#inner -->']]) {
      const [fault] = faultsOf('<!-- examples/cart.ts -->', ...below)
      assert.match(fault ?? '', /^docs\/a\.md:1: No block follows the comment\./)
    }
  })
})

describe('a region', () => {
  it('has an end, a beginning, and a name of its own', () => {
    const faultsIn = (...lines: string[]): string[] =>
      linesOf(regionsOf('examples/a.ts', lines.join('\n')).faults)
    const fault = ': The region b needs one // #region b and, below, one // #endregion b.'
    assert.deepEqual(faultsIn('a', '// #region b'), [`examples/a.ts:2${fault}`])
    assert.deepEqual(faultsIn('// #endregion b'), [`examples/a.ts:1${fault}`])
    const pair = ['// #region b', '// #endregion b']
    assert.deepEqual(faultsIn(...pair), [])
    assert.deepEqual(faultsIn(...pair, '// #region b'), [`examples/a.ts:1${fault}`])
    assert.deepEqual(faultsIn(...pair.toReversed()), [`examples/a.ts:1${fault}`])
  })
})

describe('an example', () => {
  const shown = ['examples/cart.ts#add', 'examples/cart.ts#inner', 'examples/wrangler.toml#name']
  const base = {
    examples: EXAMPLES,
    documents: new Map([['README.md', '']]),
    shown,
    tests: new Map([['test/a.test.ts', "import { b } from '../examples/cart.ts'"]]),
  }
  const faultsWith = (changes: Partial<typeof base>): string[] =>
    linesOf(checkExamples({ ...base, ...changes }))

  it('that is shown and run is fine', () => {
    assert.deepEqual(faultsWith({}), [])
  })

  it('that no document shows is told, and so is a region of it', () => {
    const unseen = 'examples/cart.ts: No document shows the region inner. Remove it.'
    assert.deepEqual(faultsWith({ shown: ['examples/cart.ts#add', shown[2] ?? ''] }), [unseen])
    const [, , fault = ''] = faultsWith({ shown: shown.slice(2) })
    assert.match(fault, /^examples\/cart\.ts: No document shows it\. Show it in README\.md or docs/)
  })

  it('that no test runs is told; a comment in a test runs nothing', () => {
    for (const test of ['', "// import '../examples/cart.ts'", "import '../examples/cart2.ts'"]) {
      const [fault = ''] = faultsWith({ tests: new Map([['test/a.test.ts', test]]) })
      assert.match(fault, /^examples\/cart\.ts: No test runs it\. Import it in test\/examples\//)
    }
  })

  it('may help another, and is then shown and run with it', () => {
    const helped = `import { c } from './lib/store.ts'\n${CART}`
    const both = new Map([...EXAMPLES, ['examples/cart.ts', helped]])
    both.set('examples/lib/store.ts', '').set('examples/lib/other.ts', '')
    const faults = faultsWith({ examples: both })
    assert.equal(faults.length, 2)
    for (const fault of faults) assert.match(fault, /^examples\/lib\/other\.ts: No /)
  })

  it('may be a folder: a link shows all of it, and a test runs all of it', () => {
    const project = new Map([
      ['examples/app/src/a.ts', ''],
      ['examples/app/src/a.d.ts', ''],
    ])
    const all = { shown, examples: new Map([...EXAMPLES, ...project]) }
    assert.equal(faultsWith(all).length, 2)
    const document = new Map([['docs/app.md', '[The app](../examples/app/).']])
    assert.equal(faultsWith({ ...all, documents: document }).length, 1)
    const tests = new Map([...base.tests, ['test/b.test.ts', "copyProject('examples/app')"]])
    assert.deepEqual(faultsWith({ ...all, documents: document, tests }), [])
  })
})
