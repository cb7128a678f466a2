#!/usr/bin/env node
import { readFileSync } from 'node:fs'

import { CliError, misuse } from './cli-error.ts'
import { initCommand } from './init.ts'
import { inspectCommand } from './inspect.ts'
import { nearest } from './nearest.ts'
import { secretCommand } from './secret.ts'
import { processTerminal, type Terminal } from './terminal.ts'
import { COMMAND_USAGE, USAGE } from './usage.ts'

const COMMANDS = { init: initCommand, secret: secretCommand, inspect: inspectCommand }
type Command = keyof typeof COMMANDS

function isCommand(word: string | undefined): word is Command {
  return word !== undefined && Object.hasOwn(COMMANDS, word)
}

async function run(args: readonly string[], terminal: Terminal): Promise<number> {
  const [first, ...rest] = args
  if (first === undefined) throw misuse(USAGE)
  if (!isCommand(first)) return printed(terminal, answerTo(first, rest))
  // After -- there are no options.
  const options = rest.includes('--') ? rest.slice(0, rest.indexOf('--')) : rest
  const asksForHelp = options.includes('--help') || options.includes('-h')
  if (asksForHelp) return printed(terminal, COMMAND_USAGE[first])
  return COMMANDS[first](rest, terminal)
}

/** Returns the response if there is no command. */
function answerTo(word: string, rest: readonly string[]): string {
  if (word === '--version' || word === '-v') return version()
  if (!['--help', '-h', 'help'].includes(word)) throw misuse(unknownCommand(word))
  const [topic] = rest
  if (topic === undefined) return USAGE
  if (!isCommand(topic)) throw misuse(unknownCommand(topic))
  return COMMAND_USAGE[topic]
}

function printed(terminal: Terminal, text: string): number {
  terminal.print(text)
  return 0
}

function unknownCommand(word: string): string {
  const kind = word.startsWith('-') ? 'option' : 'command'
  const known = nearest(
    word.replace(/^-+/, ''),
    kind === 'option' ? ['help', 'version'] : Object.keys(COMMANDS),
  )
  const hint = known === undefined ? '' : ` Did you mean ${kind === 'option' ? '--' : ''}${known}?`
  return `edge-session: unknown ${kind} ${JSON.stringify(word.slice(0, 24))}.${hint} See: edge-session --help`
}

/** Returns the package's version. */
function version(): string {
  const manifest: unknown = JSON.parse(
    readFileSync(new URL('../package.json', import.meta.url), 'utf8'),
  )
  return String((manifest as { version: unknown }).version)
}

// A reader that stops early, such as head, is not an error.
process.stdout.on('error', (error: NodeJS.ErrnoException) => {
  if (error.code !== 'EPIPE') throw error
})

const terminal = processTerminal()
try {
  process.exitCode = await run(process.argv.slice(2), terminal)
} catch (error) {
  const isExpected = error instanceof CliError
  // A file that cannot be read is not a fault of this program.
  if (!isExpected && !(error instanceof Error && 'syscall' in error)) throw error
  terminal.note(error.message)
  process.exitCode = isExpected ? error.exitCode : 1
}
