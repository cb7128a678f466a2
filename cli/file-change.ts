import { randomBytes } from 'node:crypto'
import { chmod, chown, readFile, realpath, rename, rm, stat, writeFile } from 'node:fs/promises'
import { basename, dirname, join } from 'node:path'

import { CliError, messageOf } from './cli-error.ts'
import { withoutValues } from './dev-vars.ts'
import type { Difference } from './diff.ts'
import type { TextFile } from './text-file.ts'

/** A file that is to be written. */
export interface FileChange {
  readonly path: string
  /** How it is called when it is shown. */
  readonly label: string
  /** `undefined`: there is no such file yet. */
  readonly file: TextFile | undefined
  readonly text: string
  /** Whether nobody but its owner may read it, and its values are never shown. */
  readonly isSecret: boolean
}

const SECRET_MODE = 0o600
/** Less what the user's mask takes away. */
const NEW_MODE = 0o666

/** What of it may be shown. */
export function shownDifference({ label, file, text, isSecret }: FileChange): Difference {
  if (!isSecret) return { label, before: file?.text, after: text }
  const before = file === undefined ? undefined : withoutValues(file.text)
  return { label, before, after: withoutValues(text), context: 0 }
}

/**
 * Writes all of them: each first beside its place, under another name, then all are renamed, so that no file is ever there by
 * halves. Permissions and owner stay. Throws `CliError`, with nothing written, where a file was changed meanwhile.
 */
export async function writeChanges(changes: readonly FileChange[]): Promise<void> {
  const prepared: { from: string; to: string }[] = []
  try {
    for (const change of changes) {
      // One after the other, so that a fault leaves nothing half-prepared behind.
      // oxlint-disable-next-line no-await-in-loop
      prepared.push(await prepare(change))
    }
    for (const { from, to } of prepared) {
      // oxlint-disable-next-line no-await-in-loop
      await rename(from, to)
    }
  } catch (error) {
    await Promise.all(prepared.map(({ from }) => rm(from, { force: true })))
    if (error instanceof CliError) throw error
    throw new CliError(`It can't be written: ${messageOf(error)}`, { cause: error })
  }
}

async function prepare(change: FileChange): Promise<{ from: string; to: string }> {
  const { path, label, file, text } = change
  const to = file === undefined ? path : await realpath(path)
  const present = await readFile(to, 'utf8').catch(() => undefined)
  if (present !== (file && file.mark + file.text)) {
    throw new CliError(`${label} was changed in the meantime. Nothing was written. Run this again.`)
  }
  const from = join(dirname(to), `.${basename(to)}.${randomBytes(6).toString('hex')}.tmp`)
  await writeFile(from, (file?.mark ?? '') + text, {
    mode: change.isSecret ? SECRET_MODE : NEW_MODE,
    flag: 'wx',
  })
  if (file !== undefined) await keepRights(from, to, change.isSecret ? SECRET_MODE : file.mode)
  return { from, to }
}

async function keepRights(from: string, to: string, mode: number): Promise<void> {
  await chmod(from, mode)
  const { uid, gid } = await stat(to)
  // Only the superuser may give a file away, and only then it would change hands.
  await chown(from, uid, gid).catch(() => undefined)
}
