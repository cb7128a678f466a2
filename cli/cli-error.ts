/** What the user has to know and to do. It ends the command with its exit code, and the message alone is shown. */
export class CliError extends Error {
  /** 1: it can't be done as things are; 2: the command was written wrongly. */
  readonly exitCode: 1 | 2

  constructor(message: string, options: { exitCode?: 1 | 2; cause?: unknown } = {}) {
    super(message, { cause: options.cause })
    this.exitCode = options.exitCode ?? 1
  }
}

/** An error about how the command was written. */
export function misuse(message: string): CliError {
  return new CliError(message, { exitCode: 2 })
}

export function messageOf(error: unknown): string {
  return error instanceof Error ? error.message : String(error)
}
