import { confirmed } from './confirm.ts'

/** The output and input of a command. */
export interface Terminal {
  /** Prints a result to standard output. */
  readonly print: (text: string) => void
  /** Prints anything else to standard error. */
  readonly note: (text: string) => void
  /** True if the output is a terminal. */
  readonly isInteractive: boolean
  /** True if colours are wanted (no-color.org). */
  readonly hasColour: boolean
  /** Asks a question. Returns `undefined` if no one is there to answer. */
  readonly ask: (question: string) => Promise<boolean | undefined>
}

/** Returns the terminal of this process. */
export function processTerminal(): Terminal {
  const { stdin, stdout, stderr, env } = process
  return {
    print: (text) => void stdout.write(`${text}\n`),
    note: (text) => void stderr.write(`${withoutControls(text)}\n`),
    isInteractive: stdout.isTTY,
    hasColour: stdout.isTTY && (env['NO_COLOR'] ?? '') === '' && env['TERM'] !== 'dumb',
    ask: async (question) =>
      stdin.isTTY ? confirmed(question, { input: stdin, output: stderr }) : undefined,
  }
}

/** The output may contain foreign text, such as a cookie's, which must not control the terminal. */
function withoutControls(text: string): string {
  return text.replaceAll(/[^\P{Cc}\n\t]/gu, '\uFFFD')
}
