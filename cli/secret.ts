import { randomBytes } from 'node:crypto'

import { readArguments } from './arguments.ts'
import type { Terminal } from './terminal.ts'

/** The variable that has it. */
export const SECRET_NAME = 'SESSION_SECRET'
/** As many as the library asks for at least. */
const SECRET_BYTES = 32

/** A new signing secret, as text without any character that a shell or a .env file would read otherwise. */
export function newSecret(): string {
  return randomBytes(SECRET_BYTES).toString('base64url')
}

/** `edge-session secret`: prints a secret, alone, so that it can be piped. */
export function secretCommand(args: readonly string[], terminal: Terminal): number {
  readArguments('edge-session secret', args, { options: {}, maxWords: 0 })
  terminal.print(newSecret())
  if (terminal.isInteractive) {
    terminal.note(
      'Not to be seen by anybody: npx edge-session secret | npx wrangler secret put SESSION_SECRET',
    )
  }
  return 0
}
