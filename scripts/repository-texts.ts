import { glob, readFile } from 'node:fs/promises'
import { join, sep } from 'node:path'
import { fileURLToPath } from 'node:url'

import type { Texts } from './code-blocks.ts'

const ROOT = fileURLToPath(new URL('..', import.meta.url))

/** What others have written into a folder of ours. */
const FOREIGN = /(^|[/\\])(node_modules|\.wrangler|dist)([/\\]|$)/

/** Files of this repository, by patterns of their paths. */
export async function textsOf(...patterns: string[]): Promise<Texts> {
  const paths = await Array.fromAsync(
    glob(patterns, { cwd: ROOT, exclude: (path) => FOREIGN.test(path) }),
  )
  const texts = paths
    .toSorted()
    .map(async (path) => [
      path.replaceAll(sep, '/'),
      await readFile(join(ROOT, path), 'utf8').catch(textOfFolder),
    ])
  const read = (await Promise.all(texts)) as [string, string | undefined][]
  return new Map(read.flatMap(([path, text]) => (text === undefined ? [] : [[path, text]])))
}

/** A folder has no text. */
function textOfFolder(error: unknown): undefined {
  if (error instanceof Error && 'code' in error && error.code === 'EISDIR') return undefined
  throw error
}

export function examples(): Promise<Texts> {
  return textsOf('examples/**')
}

/** What readers read. The decisions are history, and keep their code as it was. */
export async function documents(): Promise<Texts> {
  const texts = await textsOf('README.md', 'docs/**/*.md')
  return new Map([...texts].filter(([path]) => !path.startsWith('docs/decisions/')))
}
