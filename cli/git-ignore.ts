import { spawnSync } from 'node:child_process'
import { basename, dirname, join } from 'node:path'

import { readTextFile, type TextFile } from './text-file.ts'

export type Ignored =
  | { readonly standing: 'ignored' }
  /** Git tracks the file already, so .gitignore has no effect. */
  | { readonly standing: 'tracked' }
  | {
      readonly standing: 'open'
      readonly path: string
      readonly file: TextFile | undefined
      readonly text: string
    }

/**
 * Checks if git tracks this file, or would, also in a repository that is made later. If it would, also returns the
 * .gitignore beside it with one more line.
 */
export async function gitIgnored(path: string): Promise<Ignored> {
  const directory = dirname(path)
  const name = basename(path)
  const tracked = git(directory, 'ls-files', '--error-unmatch', '--', name)
  if (tracked === 0) return { standing: 'tracked' }
  const file = await readTextFile(join(directory, '.gitignore'))
  const ignored = git(directory, 'check-ignore', '--quiet', '--', name)
  if (ignored === 0) return { standing: 'ignored' }
  // Without git, or outside a repository, only the file can be checked. A repository may be made later.
  if (ignored !== 1 && file !== undefined && hasLine(file.text, name))
    return { standing: 'ignored' }
  return { standing: 'open', path: join(directory, '.gitignore'), file, text: withLine(file, name) }
}

function git(directory: string, ...args: string[]): number | null {
  return spawnSync('git', args, { cwd: directory, stdio: 'ignore' }).status
}

function hasLine(text: string, name: string): boolean {
  const lines = new Set(text.split('\n').map((line) => line.trim().replace(/^\//, '')))
  return [name, `${name}*`, '.dev.vars*', '.env*'].some(
    (each) => lines.has(each) && (each === name || name.startsWith(each.slice(0, -1))),
  )
}

function withLine(file: TextFile | undefined, name: string): string {
  const { text, eol } = file ?? { text: '', eol: '\n' }
  const isClosed = text === '' || text.endsWith('\n')
  return text + (isClosed ? name + eol : eol + name)
}
