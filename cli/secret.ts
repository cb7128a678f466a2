import { randomBytes } from 'node:crypto'

import { readArguments } from './arguments.ts'
import type { Terminal } from './terminal.ts'

/** The variable with the secret. */
export const SECRET_NAME = 'SESSION_SECRET'
/** The library's minimum. */
const SECRET_BYTES = 32

/** Returns a new signing secret, without characters that a shell or a .env file would interpret. */
export function newSecret(): string {
  return randomBytes(SECRET_BYTES).toString('base64url')
}

/** `edge-session secret`: prints only a secret, so that it can be piped. */
export function secretCommand(args: readonly string[], terminal: Terminal): number {
  readArguments('edge-session secret', args, { options: {}, maxWords: 0 })
  terminal.print(newSecret())
  if (terminal.isInteractive) {
    terminal.note(
      'To keep it off the screen: npx edge-session secret | npx wrangler secret put SESSION_SECRET',
    )
  }
  return 0
}
