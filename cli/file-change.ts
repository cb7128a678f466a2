import { randomBytes } from 'node:crypto'
import { chmod, chown, readFile, realpath, rename, rm, stat, writeFile } from 'node:fs/promises'
import { basename, dirname, join } from 'node:path'

import { CliError, messageOf } from './cli-error.ts'
import { withoutValues } from './dev-vars.ts'
import type { Difference } from './diff.ts'
import type { TextFile } from './text-file.ts'

/** A file to write. */
export interface FileChange {
  readonly path: string
  /** The file's name, for display. */
  readonly label: string
  /** `undefined` if the file does not exist yet. */
  readonly file: TextFile | undefined
  readonly text: string
  /** True if only its owner may read it, and its values are never shown. */
  readonly isSecret: boolean
}

const SECRET_MODE = 0o600
/** Reduced by the user's umask. */
const NEW_MODE = 0o666

/** Returns the part of the change that may be shown. */
export function shownDifference({ label, file, text, isSecret }: FileChange): Difference {
  if (!isSecret) return { label, before: file?.text, after: text }
  const before = file === undefined ? undefined : withoutValues(file.text)
  return { label, before, after: withoutValues(text), context: 0 }
}

/**
 * Writes all files: each first to a temporary file beside it, then all are renamed, so that no file is ever
 * half-written. Keeps permissions and owner. Throws `CliError`, without writing anything, if a file was changed in the
 * meantime.
 */
export async function writeChanges(changes: readonly FileChange[]): Promise<void> {
  const prepared: { from: string; to: string }[] = []
  try {
    for (const change of changes) {
      // One after the other, so that an error leaves nothing half-prepared.
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
    throw new CliError(`Writing failed: ${messageOf(error)}`, { cause: error })
  }
}

async function prepare(change: FileChange): Promise<{ from: string; to: string }> {
  const { path, label, file, text } = change
  const to = file === undefined ? path : await realpath(path)
  const present = await readFile(to, 'utf8').catch(() => undefined)
  if (present !== (file && file.mark + file.text)) {
    throw new CliError(
      `${label} was changed in the meantime. Nothing was written. Run the command again.`,
    )
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
  // Only the superuser may change a file's owner, and only then the owner would be wrong.
  await chown(from, uid, gid).catch(() => undefined)
}
