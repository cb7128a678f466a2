import { existsSync } from 'node:fs'
import { basename, dirname, extname, join, relative, resolve } from 'node:path'

import { type Addition, isSame, type Table, withAdditions } from './addition.ts'
import { CliError, messageOf } from './cli-error.ts'
import { readTextFile, type TextFile } from './text-file.ts'
import { addToJsonc, jsonText, type JsonValue, parseJsonc } from './wrangler-jsonc.ts'
import { addToToml, parseToml, tomlBlock } from './wrangler-toml.ts'

/** In wrangler's order: it reads the first of several. */
const NAMES = ['wrangler.json', 'wrangler.jsonc', 'wrangler.toml'] as const

/** A configuration as text, and parsed. */
export interface WranglerConfig {
  readonly file: TextFile
  readonly table: Table
}

/** Finds and reads a directory's configuration, or the given one. Throws `CliError` if there is none. */
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
    throw new CliError(`${basename(path)} cannot be parsed: ${messageOf(error).trimEnd()}`, {
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
      ? 'Go to the directory of your Worker, pass its file with --config PATH, or create a Worker first: npm create cloudflare@latest'
      : `A parent directory has one: --config ${relative(directory, above)}`
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
 * Returns the configuration's text with the additions. The result is parsed again and compared with what it should be.
 * If they differ, throws `CliError` with the lines to add by hand.
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
    // Handled like a text that says something else.
  }
  const lines = additions.map((each) => (isToml ? tomlBlock(each).join('\n') : jsonLines(each)))
  throw new CliError(
    `${basename(file.path)} cannot be extended without rewriting it. Nothing was written. Add this yourself, and run the command again:\n\n${lines.join('\n\n')}`,
  )
}

function jsonLines({ kind, path, value }: Addition): string {
  const [key = '', ...rest] = path
  const leaf: JsonValue = kind === 'item' ? [value] : value
  const nested = rest.reduceRight<JsonValue>((inner, name) => ({ [name]: inner }), leaf)
  return `${JSON.stringify(key)}: ${jsonText(nested, '', '  ', '\n')}`
}
