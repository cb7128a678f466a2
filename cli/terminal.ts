import { confirmed } from './confirm.ts'

/** Where a command speaks. */
export interface Terminal {
  /** A result, on standard output. */
  readonly print: (text: string) => void
  /** Anything else, on standard error. */
  readonly note: (text: string) => void
  /** Whether somebody reads the output on a terminal. */
  readonly isInteractive: boolean
  /** Whether they want colours (no-color.org). */
  readonly hasColour: boolean
  /** Asks; `undefined` where nobody is there to answer. */
  readonly ask: (question: string) => Promise<boolean | undefined>
}

/** This process's own. */
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

/** What is said may have somebody else's words in it, such as a cookie's: no terminal is to obey them. */
function withoutControls(text: string): string {
  return text.replaceAll(/[^\P{Cc}\n\t]/gu, '\uFFFD')
}
