/** A message for the user. It ends the command with its exit code, and is printed without a stack. */
export class CliError extends Error {
  /** 1: it cannot be done in the present state. 2: the command is wrong. */
  readonly exitCode: 1 | 2

  constructor(message: string, options: { exitCode?: 1 | 2; cause?: unknown } = {}) {
    super(message, { cause: options.cause })
    this.exitCode = options.exitCode ?? 1
  }
}

/** Returns an error for a wrong command. */
export function misuse(message: string): CliError {
  return new CliError(message, { exitCode: 2 })
}

export function messageOf(error: unknown): string {
  return error instanceof Error ? error.message : String(error)
}
