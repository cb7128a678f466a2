import { execFileSync } from 'node:child_process'
import {
  cpSync,
  mkdirSync,
  mkdtempSync,
  readFileSync,
  rmSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs'
import { tmpdir } from 'node:os'
import { dirname, join } from 'node:path'

import type { Mutation } from './mutation.ts'

/** A copy of the project, in which files are changed. */
export interface Copy {
  readonly path: string
  readonly write: (file: string, text: string) => void
  readonly remove: () => void
}

/** Copies what git knows of, with a link to the installed packages. The working tree is never changed. */
export function copyOf(root: string): Copy {
  const path = mkdtempSync(join(tmpdir(), 'edge-session-mutate-'))
  const listed = execFileSync('git', ['ls-files', '-z', '-co', '--exclude-standard'], { cwd: root })
  const deleted = execFileSync('git', ['ls-files', '-z', '-d'], { cwd: root })
  const gone = new Set(String(deleted).split('\0'))
  for (const file of String(listed).split('\0')) {
    if (gone.has(file)) continue
    mkdirSync(dirname(join(path, file)), { recursive: true })
    cpSync(join(root, file), join(path, file))
  }
  symlinkSync(join(root, 'node_modules'), join(path, 'node_modules'))
  return {
    path,
    write: (file, text) => writeFileSync(join(path, file), text),
    remove: () => rmSync(path, { recursive: true, force: true }),
  }
}

/** Returns the text of the mutated file. Throws if the place is not there exactly once. */
export function mutatedText(root: string, { file, find, replace }: Mutation): string {
  const parts = readFileSync(join(root, file), 'utf8').split(find)
  if (parts.length === 2) return parts.join(replace)
  throw new Error(`${file} has ${parts.length - 1} times, and not once: ${find}`)
}
