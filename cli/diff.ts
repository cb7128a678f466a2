import { FILE_HEADERS_ONLY, formatPatch, structuredPatch } from 'diff'

export interface Difference {
  /** The file's name, for display. */
  readonly label: string
  /** `undefined` if the file does not exist yet. */
  readonly before: string | undefined
  readonly after: string
  /** The number of unchanged lines around each change. Default 3. */
  readonly context?: number
}

/** Returns a unified diff. */
export function unifiedDiff({ label, before, after, context = 3 }: Difference): string {
  const from = before === undefined ? '/dev/null' : label
  const patch = structuredPatch(from, label, before ?? '', after, undefined, undefined, { context })
  return formatPatch(patch, FILE_HEADERS_ONLY).replaceAll('\r', '')
}

/** Returns the diff with colours, for a terminal. */
export function coloured(diff: string): string {
  return diff
    .split('\n')
    .map((line) => {
      const colour = COLOURS.find(([start]) => line.startsWith(start))?.[1]
      return colour === undefined ? line : `\u001B[${colour}m${line}\u001B[0m`
    })
    .join('\n')
}

/** Bold, cyan, green, red. */
const COLOURS = [
  ['---', 1],
  ['+++', 1],
  ['@@', 36],
  ['+', 32],
  ['-', 31],
] as const
