import { existsSync } from 'node:fs'
import { basename, dirname, extname, join, relative, resolve } from 'node:path'

import { type Addition, isSame, type Table, withAdditions } from './addition.ts'
import { CliError, messageOf } from './cli-error.ts'
import { readTextFile, type TextFile } from './text-file.ts'
import { addToJsonc, jsonText, type JsonValue, parseJsonc } from './wrangler-jsonc.ts'
import { addToToml, parseToml, tomlBlock } from './wrangler-toml.ts'

/** In wrangler's own order: of several it reads the first. */
const NAMES = ['wrangler.json', 'wrangler.jsonc', 'wrangler.toml'] as const

/** A configuration as it is written and as it is meant. */
export interface WranglerConfig {
  readonly file: TextFile
  readonly table: Table
}

/** Finds and reads the configuration of a directory, or the one that was named. Throws `CliError` where there is none. */
export async function readWranglerConfig(
  directory: string,
  named: string | undefined,
): Promise<WranglerConfig> {
  const path = named === undefined ? foundIn(directory) : resolve(directory, named)
  if (!['.json', '.jsonc', '.toml'].includes(extname(path))) {
    throw new CliError(`--config: ${basename(path)} is neither .toml nor .jsonc nor .json.`, {
      exitCode: 2,
    })
  }
  const file = await readTextFile(path)
  if (file === undefined) throw new CliError(`There is no file ${path}.`)
  try {
    return { file, table: parserOf(path)(file.text) }
  } catch (error) {
    throw new CliError(`${basename(path)} can't be read: ${messageOf(error).trimEnd()}`, {
      cause: error,
    })
  }
}

export function hasWranglerConfig(directory: string): boolean {
  return NAMES.some((each) => existsSync(join(directory, each)))
}

function foundIn(directory: string): string {
  const name = NAMES.find((each) => existsSync(join(directory, each)))
  if (name !== undefined) return join(directory, name)
  const above = foundAbove(dirname(directory))
  const hint =
    above === undefined
      ? 'Go to where your Worker is, name its file with --config PATH, or make a Worker first: npm create cloudflare@latest'
      : `There is one above: --config ${relative(directory, above)}`
  throw new CliError(`There is no wrangler.jsonc, wrangler.json or wrangler.toml here. ${hint}`)
}

function foundAbove(directory: string): string | undefined {
  const name = NAMES.find((each) => existsSync(join(directory, each)))
  if (name !== undefined) return join(directory, name)
  const above = dirname(directory)
  return above === directory ? undefined : foundAbove(above)
}

function parserOf(path: string): (text: string) => Table {
  return path.endsWith('.toml') ? parseToml : parseJsonc
}

/**
 * The configuration's text with the additions. What comes out is read again and compared with what it should say: where the
 * text can't be edited to that, this throws `CliError` with the lines to add by hand.
 */
export function editedText(
  { file, table }: WranglerConfig,
  additions: readonly Addition[],
): string {
  const isToml = file.path.endsWith('.toml')
  const add = isToml ? addToToml : addToJsonc
  try {
    const text = additions.reduce((before, each) => add(before, each, file.eol), file.text)
    if (isSame(parserOf(file.path)(text), withAdditions(table, additions))) return text
  } catch {
    // The same answer as for a text that says something else.
  }
  const lines = additions.map((each) => (isToml ? tomlBlock(each).join('\n') : jsonLines(each)))
  throw new CliError(
    `${basename(file.path)} is written in a way that can't be added to without rewriting it. Nothing was written. Add this yourself, and run this again:\n\n${lines.join('\n\n')}`,
  )
}

function jsonLines({ kind, path, value }: Addition): string {
  const [key = '', ...rest] = path
  const leaf: JsonValue = kind === 'item' ? [value] : value
  const nested = rest.reduceRight<JsonValue>((inner, name) => ({ [name]: inner }), leaf)
  return `${JSON.stringify(key)}: ${jsonText(nested, '', '  ', '\n')}`
}
