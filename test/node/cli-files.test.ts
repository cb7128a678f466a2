import assert from 'node:assert/strict'
import { readdir, readFile, writeFile } from 'node:fs/promises'
import { join } from 'node:path'

import { type FileChange, writeChanges } from '../../cli/file-change.ts'
import { readTextFile } from '../../cli/text-file.ts'
import { directoryWith } from './command.ts'
import { describe, it } from './suite.ts'

async function change(directory: string, name: string): Promise<FileChange> {
  const path = join(directory, name)
  const file = await readTextFile(path)
  return { path, label: name, file, text: 'after\n', isSecret: false }
}

/** What is in the directory, under which name. */
async function found(directory: string): Promise<Record<string, string>> {
  const names = (await readdir(directory)).toSorted()
  const texts = await Promise.all(names.map((name) => readFile(join(directory, name), 'utf8')))
  return Object.fromEntries(names.map((name, index) => [name, texts[index] ?? '']))
}

describe('a text file', () => {
  it('is refused where it is not UTF-8, since its bytes would not be written back', async () => {
    const directory = await directoryWith({})
    const path = join(directory, 'a')
    await writeFile(path, Uint8Array.of(0x23, 0x20, 0xe9, 0x0a))
    await assert.rejects(readTextFile(path), /a is not UTF-8/)
  })
})

describe('changes of several files', () => {
  it('are all written', async () => {
    const directory = await directoryWith({ a: 'before\n' })
    await writeChanges([await change(directory, 'a'), await change(directory, 'b')])
    assert.deepEqual(await found(directory), { a: 'after\n', b: 'after\n' })
  })

  it('are none of them written when one file was changed meanwhile', async () => {
    const directory = await directoryWith({ a: 'before\n', b: 'before\n' })
    const changes = [await change(directory, 'a'), await change(directory, 'b')]
    await writeFile(join(directory, 'b'), 'mine\n')
    await assert.rejects(
      writeChanges(changes),
      /^Error: b was changed in the meantime\. Nothing was written/,
    )
    assert.deepEqual(await found(directory), { a: 'before\n', b: 'mine\n' })
  })

  it('are none of them written when a new file is there meanwhile, or its directory is not', async () => {
    const directory = await directoryWith({ a: 'before\n' })
    const changes = [await change(directory, 'a'), await change(directory, 'b')]
    await writeFile(join(directory, 'b'), 'mine\n')
    await assert.rejects(writeChanges(changes), /b was changed in the meantime/)
    const missing = [await change(directory, 'a'), await change(directory, join('c', 'd'))]
    await assert.rejects(writeChanges(missing), /Writing failed: ENOENT/)
    assert.deepEqual(await found(directory), { a: 'before\n', b: 'mine\n' })
  })
})
