import assert from 'node:assert/strict'
import { glob, readFile } from 'node:fs/promises'
import { join } from 'node:path'

import { ROOT } from './project.ts'
import { describe, it } from './suite.ts'

async function textsOf(...patterns: string[]): Promise<Map<string, string>> {
  const texts = new Map<string, string>()
  for await (const path of glob(patterns, { cwd: ROOT })) {
    texts.set(path, await readFile(join(ROOT, path), 'utf8'))
  }
  return texts
}

const documents = await textsOf('*.md', 'docs/*.md')
const sources = await textsOf('src/**/*.ts')
const troubleshooting = documents.get(join('docs', 'troubleshooting.md')) ?? ''
/** Explains the events of `bound()`. */
const bound = documents.get(join('docs', 'bound.md')) ?? ''

function sourceOf(...path: string[]): string {
  return sources.get(join('src', ...path)) ?? assert.fail(`There is no ${path.join('/')}.`)
}

/** All that the pattern's group finds, once each, in order. */
function found(text: string, pattern: RegExp): string[] {
  return [...new Set(Array.from(text.matchAll(pattern), ([, match = '']) => match))].toSorted()
}

/** The declaration of a type, up to the next one. */
function declarationOf(source: string, name: string): string {
  const [, declaration] = new RegExp(`type ${name} =([^]*?)(?=\\n(?:export|const|/\\*\\*))`).exec(
    `${source}\nexport`,
  ) ?? [undefined, assert.fail(`There is no type ${name}.`)]
  return declaration ?? ''
}

const withoutComments = (source: string): string =>
  source.replaceAll(/\/\*\*[^]*?\*\//g, '').replaceAll(/^ *\/\/.*$/gm, '')

const codes = found(withoutComments(sourceOf('errors.ts')), /'(ERR_\w+)'/g)
/** Of guards’ answers, which no SessionError has. */
const answerCodes = found([...sources.values()].join('\n'), /'(ERR_\w+)'/g).filter(
  (code) => !codes.includes(code),
)
const eventSource = withoutComments(sourceOf('request', 'event.ts'))
const dataEventSource = withoutComments(sourceOf('session', 'codec.ts'))
const types = [
  ...found(declarationOf(eventSource, 'SessionEvent'), /type: '([\w-]+)'/g),
  ...found(declarationOf(dataEventSource, 'DataEvent'), /'([\w-]+)'/g),
].toSorted()
const reasons = [
  ...found(declarationOf(eventSource, 'RefusedReason'), /'([\w-]+)'/g),
  ...found(declarationOf(sourceOf('codec', 'token.ts'), 'RefusedToken'), /'([\w-]+)'/g),
].toSorted()

const failureReasons = found(declarationOf(eventSource, 'StoreFailureReason'), /'([\w-]+)'/g)
const [, boundReasonsText = ''] =
  /type: 'bound-refused'\s+readonly reason: ([^\n]+)/.exec(eventSource) ?? []
const boundReasons = found(boundReasonsText, /'([\w-]+)'/g)

/** What the first column names of the tables under a heading. */
function namedUnder(heading: string, name: RegExp): string[] {
  const [, section = ''] = new RegExp(`^## ${heading}$([^]*?)(?=^## |$(?![^]))`, 'm').exec(
    troubleshooting,
  ) ?? ['', '']
  return found(section, name)
}

/** The first columns of the tables of events: those of `type`, then those of each kind of `reason`. */
function eventTables(): [types: string[], ...reasons: string[][]] {
  const [first = '', ...others] = (troubleshooting.split('\n## Events\n')[1] ?? '').split(
    /\| `reason` of `(?:refused|store-failed)`/,
  )
  const [ofBound = ''] = (bound.split('\n## Reading the events\n')[1] ?? '').split('\n## ')
  const names = /^\| `([\w-]+)`/gm
  return [
    found(`${first}\n${ofBound}`, names).filter((name) => name !== 'type'),
    ...others.map((table) => found(table, names)),
    found(ofBound, /^\| `bound-refused`, `([\w-]+)`/gm),
  ]
}

describe('the troubleshooting page', () => {
  it('explains every code that there is, and no other', async () => {
    assert.ok(codes.length > 10)
    const explained = namedUnder('Errors by code', /^\| `(ERR_\w+)`/gm)
    assert.deepEqual(explained, [...codes, ...answerCodes].toSorted())
  })

  it('explains every event and every reason that there is, and no other', async () => {
    assert.ok(types.length > 10 && reasons.length > 8)
    assert.ok(failureReasons.length > 4 && boundReasons.length > 3)
    const [explainedTypes, ...explainedReasons] = eventTables()
    assert.deepEqual(explainedTypes, types)
    assert.deepEqual(explainedReasons, [reasons, failureReasons, boundReasons])
  })

  it('lists each of its symptoms at the top', async () => {
    const listed = found(troubleshooting, /^- \[(.+?)\]\(#/gm)
    const headings = found(troubleshooting, /^## (.+)$/gm)
    assert.deepEqual([...listed, 'Errors by code', 'Events'].toSorted(), headings)
  })

  it('quotes only messages that the library has', async () => {
    const quoted = [
      ...found(troubleshooting, /^ *(ERR_\w+: .+)$/gm),
      ...found(troubleshooting, /"detail": "(.+)"/g),
      ...found(troubleshooting, /`([A-Z][^`]{30,}\.)`/g),
    ].map((message) => message.replace(/^ERR_\w+: /, ''))
    assert.ok(quoted.length > 4)
    const patterns = messagePatterns()
    for (const message of quoted) {
      assert.ok(
        patterns.some((pattern) => pattern.test(message)),
        message,
      )
    }
  })
})

/** What each text of the sources that is long enough for a message can say; `${…}` stands for anything. */
function messagePatterns(): RegExp[] {
  const literals = [...sources.values()].flatMap((source) =>
    Array.from(
      withoutComments(source).matchAll(
        /'((?:[^'\\\n]|\\.)+)'|"((?:[^"\\\n]|\\.)+)"|`((?:[^`\\]|\\.)+)`/g,
      ),
      ([, single, double, template]) => single ?? double ?? template ?? '',
    ),
  )
  return literals
    .filter((text) => text.replaceAll(/\$\{[^}]*\}/g, '').length > 20)
    .map((text) => {
      const parts = text.split(/\$\{[^}]*\}/).map((part) => RegExp.escape(part))
      return new RegExp(`^${parts.join('.*')}$`)
    })
}

describe('the documents', () => {
  it('name only codes that there are', async () => {
    for (const [path, text] of documents) {
      for (const code of found(text, /\b(ERR_[A-Z_]+)\b/g)) {
        assert.ok([...codes, ...answerCodes].includes(code), `${path}: ${code}`)
      }
    }
  })

  it('name only reasons that there are', async () => {
    let count = 0
    const naming = /`refused`(?:,| with| and|:)? `([\w-]+)`|`refused: ([\w-]+)`/g
    for (const [path, text] of documents) {
      for (const [, apart, together] of text.matchAll(naming)) {
        count += 1
        const reason = apart ?? together ?? ''
        assert.ok(reasons.includes(reason), `${path}: ${reason}`)
      }
    }
    assert.ok(count > 8)
  })
})
