import { join } from 'node:path'
import util from 'node:util'

import { misuse } from './cli-error.ts'
import { SECRET_NAME } from './secret.ts'
import { readTextFile } from './text-file.ts'

/** A signing secret and its source. Only the source is ever shown. */
export interface FoundSecret {
  readonly value: string
  readonly source: string
}

/** In wrangler's order of precedence. */
const FILES = ['.dev.vars', '.env.local', '.env']

/**
 * Returns the secrets in these files, one per line, and in these variables, or in `SESSION_SECRET` if none are named.
 * Throws if a named one does not exist.
 */
export async function foundSecrets(
  directory: string,
  files: readonly string[],
  names: readonly string[],
): Promise<FoundSecret[]> {
  const isDefault = files.length === 0 && names.length === 0
  const ofFiles = await Promise.all(files.map(secretsIn))
  const variables = isDefault ? [SECRET_NAME] : names
  const ofVariables = await Promise.all(variables.map((name) => variable(directory, name)))
  const missing = variables.find((_, index) => ofVariables[index] === undefined)
  if (missing !== undefined && !isDefault) {
    throw misuse(
      `edge-session inspect: there is no variable ${missing} in the environment or in .dev.vars.`,
    )
  }
  return [...ofFiles.flat(), ...ofVariables.filter((found) => found !== undefined)]
}

async function secretsIn(path: string): Promise<FoundSecret[]> {
  const file = await readTextFile(path)
  if (file === undefined) throw misuse(`edge-session inspect: there is no file ${path}.`)
  const lines = file.text.split('\n').map((line) => line.trim())
  const found = lines.flatMap((value, index) =>
    value === '' ? [] : [{ value, source: `line ${index + 1} of ${path}` }],
  )
  if (found.length > 0) return found
  throw misuse(`edge-session inspect: ${path} is empty.`)
}

async function variable(directory: string, name: string): Promise<FoundSecret | undefined> {
  const own = process.env[name] ?? ''
  if (own !== '') return { value: own, source: `${name} of the environment` }
  for (const each of FILES) {
    // In this order, since the first file that has it counts.
    // oxlint-disable-next-line no-await-in-loop
    const file = await readTextFile(join(directory, each))
    const value = util.parseEnv(file?.text ?? '')[name] ?? ''
    if (value !== '') return { value, source: `${name} of ${each}` }
  }
  return undefined
}
