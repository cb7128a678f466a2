import { parseArgs, type ParseArgsConfig } from 'node:util'

import { misuse } from './cli-error.ts'
import { nearest } from './nearest.ts'

/** A command's options, as `parseArgs` expects them. */
export type OptionTable = NonNullable<ParseArgsConfig['options']>

type Parsed<Options extends OptionTable> = ReturnType<
  typeof parseArgs<{ args: string[]; options: Options; allowPositionals: true }>
>

/**
 * Reads a command's arguments with Node's `parseArgs`. Throws for an unknown option, a missing or superfluous value,
 * and more words than `maxWords`. The message names the argument and says what it should be.
 */
export function readArguments<const Options extends OptionTable>(
  command: string,
  args: readonly string[],
  { options, maxWords }: { options: Options; maxWords: number },
): Parsed<Options> {
  const config = { args: [...args], options, allowPositionals: true } as const
  const { tokens, positionals } = parseArgs({ ...config, strict: false, tokens: true })
  for (const token of tokens) {
    if (token.kind === 'option') checkOption(command, options, token)
  }
  const [unexpected] = positionals.slice(maxWords)
  if (unexpected !== undefined) {
    throw misuse(`${command}: what is ${quoted(unexpected)} for?${seeHelp(command)}`)
  }
  return parseArgs(config)
}

interface OptionToken {
  readonly name: string
  readonly rawName: string
  readonly value?: string | undefined
  readonly inlineValue?: boolean | undefined
}

function checkOption(command: string, options: OptionTable, token: OptionToken): void {
  const { name, rawName, value } = token
  const option = Object.hasOwn(options, name) ? options[name] : undefined
  if (option === undefined) {
    const known = nearest(name, Object.keys(options))
    const hint = known === undefined ? '' : ` Did you mean --${known}?`
    throw misuse(`${command}: unknown option ${rawName}.${hint}${seeHelp(command)}`)
  }
  if (option.type === 'boolean' && value !== undefined) {
    throw misuse(`${command}: ${rawName} takes no value.${seeHelp(command)}`)
  }
  if (option.type === 'string' && isMissing(token)) {
    throw misuse(`${command}: ${rawName} needs a value.${seeHelp(command)}`)
  }
}

/**
 * A single dash is standard input. Any other value that begins with a dash is the next option, unless it was written
 * with =.
 */
function isMissing({ value = '', inlineValue }: OptionToken): boolean {
  const isNext = inlineValue === false && value !== '-' && value.startsWith('-')
  return value === '' || isNext
}

export function seeHelp(command: string): string {
  return ` See: ${command} --help`
}

/** Returns what the user typed, short enough to be printed. */
function quoted(word: string): string {
  return JSON.stringify(word.length > 24 ? `${word.slice(0, 24)}…` : word)
}
