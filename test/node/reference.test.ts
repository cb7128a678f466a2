import assert from 'node:assert/strict'
import { readFile } from 'node:fs/promises'
import { join } from 'node:path'

import { ROOT } from './project.ts'
import { describe, it } from './suite.ts'

const textOf = (path: string): Promise<string> => readFile(join(ROOT, path), 'utf8')
const reference = await textOf('docs/reference.md')

/** The names in the first column of the table whose header begins with this cell. */
function namesIn(header: string): string[] {
  const tables = reference.split(/\n(?!\|)/)
  const table = tables
    .map((block) => block.trim())
    .find((block) => block.startsWith(`| ${header} `))
  assert.ok(table !== undefined, header)
  const cells = table
    .split('\n')
    .slice(2)
    .map((line) => line.split(' | ')[0] ?? '')
  return cells.flatMap((cell) => Array.from(cell.matchAll(/`([^`]+)`/g), ([, name = '']) => name))
}

/** The names that a declaration has, at the indentation of its members. */
function membersOf(declaration: string, indentation: string): string[] {
  const names = declaration.matchAll(
    new RegExp(`^${indentation}(?:readonly |get )?(\\w+)[?<(:]`, 'gm'),
  )
  return [...new Set(Array.from(names, ([, name = '']) => name))].filter(
    (name) => name !== 'constructor',
  )
}

describe('the reference', () => {
  it('has every option, and no other one', async () => {
    const [, body = ''] =
      /^export interface SessionOptions<[^]*?\n> \{\n([^]*?)^\}/m.exec(
        await textOf('src/request/options.ts'),
      ) ?? []
    const options = membersOf(body, ' {2}')
    assert.ok(options.length > 10)
    assert.deepEqual(namesIn('option').toSorted(), options.toSorted())
  })

  it('has every member of a session, and no other one', async () => {
    const [, body = ''] =
      /^export declare class Session<[^]*?\{\n([^]*?)^\}/m.exec(
        await textOf('dist/session/session.d.ts'),
      ) ?? []
    const members = membersOf(body, ' {4}')
    assert.ok(members.length > 15)
    const named = namesIn('member').map((name) => name.replace(/^await /, '').replace(/\(.*/, ''))
    assert.deepEqual(named.toSorted(), members.toSorted())
  })

  it('has every import, and no other one', async () => {
    const { exports } = JSON.parse(await textOf('package.json')) as { exports: object }
    const paths = Object.keys(exports).map((path) => path.slice(2))
    assert.deepEqual(
      namesIn('imports').toSorted(),
      paths.filter((path) => path !== '' && path !== 'package.json').toSorted(),
    )
  })
})
