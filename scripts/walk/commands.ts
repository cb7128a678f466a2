/** A command of a document, as a reader would type it. */
export interface Command {
  /** `README.md:14`. */
  readonly place: string
  readonly text: string
  /** The output that the document shows; empty if it shows none. */
  readonly output: string
}

const BLOCK = /^([> ]*)```(sh|bash|shell|console)\n([^]*?)^\1```$/gm

/**
 * Returns the commands of a document's shell blocks in order. In a `console` block they begin with `$ `, and their output
 * follows. Commands joined by `&&` are separate ones.
 */
export function commandsOf(path: string, document: string): Command[] {
  return Array.from(document.matchAll(BLOCK)).flatMap(
    ({ index, 1: prefix = '', 2: kind, 3: code = '' }) => {
      const first = document.slice(0, index).split('\n').length + 1
      const lines = code.split('\n').map((line) => line.slice(prefix.length))
      const commands = kind === 'console' ? typed(lines) : written(lines)
      return commands.flatMap(({ at, text, output }) =>
        text
          .split(' && ')
          .map((part) => ({ place: `${path}:${first + at}`, text: part.trim(), output })),
      )
    },
  )
}

interface Line {
  readonly at: number
  readonly text: string
  readonly output: string
}

/** The lines after a prompt, with what follows each. */
function typed(lines: readonly string[]): Line[] {
  return lines.flatMap((line, at) => {
    if (!line.startsWith('$ ')) return []
    const next = lines.findIndex((other, index) => index > at && other.startsWith('$ '))
    const output = lines.slice(at + 1, next < 0 ? undefined : next).join('\n')
    return [{ at, text: line.slice(2), output: output.trim() }]
  })
}

/** The lines of a script; a line that ends with `\` or `|` goes on in the next one. */
function written(lines: readonly string[]): Line[] {
  const commands: Line[] = []
  let begun: Line | undefined
  for (const [at, line] of lines.entries()) {
    const text = `${begun?.text ?? ''}${line}`.replace(/\\$/, '')
    begun = { at: begun?.at ?? at, text, output: '' }
    if (/[\\|]$/.test(line)) continue
    if (text.trim() !== '' && !text.trim().startsWith('#')) commands.push(begun)
    begun = undefined
  }
  return commands
}

/** Returns the command whose output goes into wrangler; `undefined` if there is none. */
export function pipedInto(text: string): string | undefined {
  return /^(.+) \| npx wrangler\b/.exec(text)?.[1]
}

/** The lines that a document shows and that the output must have: added lines, statuses, and labels of a list. */
export function missingIn(output: string, shown: string): string[] {
  const lines = output.split('\n').map((line) => line.trim())
  const wanted = shown.split('\n').flatMap((line) => {
    if (/^\+(?!\+|SESSION_SECRET)./.test(line) || line.startsWith('HTTP/')) return [line.trim()]
    return /^[a-z][a-z ]*? {2,}/.exec(line)?.slice(0, 1) ?? []
  })
  return wanted.filter((line) => !lines.some((other) => `${other} `.startsWith(line)))
}
