import { existsSync } from 'node:fs'
import { join } from 'node:path'
import util from 'node:util'

import { readTextFile, type TextFile } from './text-file.ts'

/** The new content of a variables file for `wrangler dev`. */
export interface VariablesFile {
  readonly path: string
  readonly file: TextFile | undefined
  /** The same text if nothing has to be added. */
  readonly text: string
  /** True if the existing secret is too short. */
  readonly isWeak: boolean
}

const MIN_SECRET_BYTES = 32

/**
 * Returns a Worker's variables files, each with a secret: `.dev.vars`, and those of environments that have one. If
 * there is a `.env` but no `.dev.vars`, the secret goes to `.env.local` instead, because wrangler ignores `.env` beside
 * a `.dev.vars`.
 */
export async function variablesWithSecret(
  directory: string,
  secret: { readonly name: string; readonly newValue: () => string },
  environments: readonly string[],
): Promise<VariablesFile[]> {
  const isThere = (name: string): boolean => existsSync(join(directory, name))
  const usesDotEnv = !isThere('.dev.vars') && (isThere('.env') || isThere('.env.local'))
  if (usesDotEnv && (await hasSecret(join(directory, '.env'), secret.name))) return []
  const others = environments.map((name) => `.dev.vars.${name}`).filter(isThere)
  const names = [usesDotEnv ? '.env.local' : '.dev.vars', ...others]
  return Promise.all(
    names.map(async (name) => {
      const path = join(directory, name)
      const file = await readTextFile(path)
      const present = util.parseEnv(file?.text ?? '')[secret.name] ?? ''
      const text =
        present === '' ? withVariable(file, secret.name, secret.newValue()) : (file?.text ?? '')
      const isWeak = present !== '' && Buffer.byteLength(present) < MIN_SECRET_BYTES
      return { path, file, text, isWeak }
    }),
  )
}

async function hasSecret(path: string, name: string): Promise<boolean> {
  const file = await readTextFile(path)
  return (util.parseEnv(file?.text ?? '')[name] ?? '') !== ''
}

function withVariable(file: TextFile | undefined, name: string, value: string): string {
  const { text, eol } = file ?? { text: '', eol: '\n' }
  const line = `${name}=${value}`
  // A line that names it without a value.
  const empty = new RegExp(
    `^([ \\t]*(?:export[ \\t]+)?${name}[ \\t]*=)[ \\t]*(?:""|'')?[ \\t]*(?=\\r?$)`,
    'm',
  )
  if (empty.test(text)) return text.replace(empty, (_, start: string) => start + value)
  const isClosed = text === '' || text.endsWith('\n')
  return text + (isClosed ? line + eol : eol + line)
}

/** Returns the text with every value hidden, for display. */
export function withoutValues(text: string): string {
  return text
    .split('\n')
    .map((line) => {
      if (/^\s*(#|$)/.test(line)) return line.startsWith('#') ? '# …' : line
      const [, start] = /^(\s*(?:export\s+)?[\w.-]+\s*=)/.exec(line) ?? []
      return `${start ?? ''}…`
    })
    .join('\n')
}
