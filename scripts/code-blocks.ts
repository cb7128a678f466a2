// The code in the documents is that of the examples, which are type-checked and run. What is here compares the two; it reads
// no files, so that it can be tried with small texts.

/** Files by their path in the repository, with slashes. */
export type Texts = ReadonlyMap<string, string>

export interface Fault {
  /** `README.md:14`. */
  readonly place: string
  /** What is wrong there, and what to do. */
  readonly what: string
  /** Whether the script mends it. */
  readonly isStale?: true
}

export interface CheckedDocument {
  /** The document, with the examples as they are now. */
  readonly text: string
  readonly faults: readonly Fault[]
  /** What it shows: `examples/readme/cart.ts#cart`. */
  readonly shown: readonly string[]
}

export interface Regions {
  readonly regions: ReadonlyMap<string, string>
  readonly faults: readonly Fault[]
}

const CHECKED_LANGUAGES = new Set(['ts', 'tsx', 'mts', 'cts', 'typescript'])
const COMMENT = /^[> ]*<!--\s*(examples\/.*?)\s*-->\s*$/
const FENCE = /^([> ]*)(`{3,})\s*([\w-]*)/
const MARKER = /^\s*(?:\/\/|#)\s*#(end)?region\s+(\S+)\s*$/
const UPDATE = 'npm run docs:examples'

/** A code block, by the indices of its lines. */
interface Block {
  readonly opening: number
  readonly closing: number
  /** What each line begins with, in a list or a quotation. */
  readonly prefix: string
  readonly language: string
}

/** Compares a document's blocks with the examples that the comments above them name. */
export function checkDocument(path: string, text: string, examples: Texts): CheckedDocument {
  const lines = text.split('\n')
  const { blocks, faults: fences } = blocksOf(path, lines)
  const faults: Fault[] = [...fences, ...commentsAlone(path, lines, blocks)]
  const shown: string[] = []
  const written: string[] = []
  let next = 0
  for (const block of blocks) {
    const reference = referenceAbove(lines, block.opening)
    const place = `${path}:${block.opening + 1}`
    const code = linesOf(lines, block)
    const wanted = wantedLines({ place, reference, language: block.language, code }, examples)
    faults.push(...wanted.faults)
    if (reference !== undefined) shown.push(reference)
    const prefixed = wanted.lines.map((line) => `${block.prefix}${line}`.trimEnd())
    written.push(...lines.slice(next, block.opening + 1), ...prefixed)
    next = block.closing
  }
  written.push(...lines.slice(next))
  return { text: written.join('\n'), faults, shown }
}

function wantedLines(
  block: {
    readonly place: string
    readonly reference: string | undefined
    readonly language: string
    readonly code: string[]
  },
  examples: Texts,
): { lines: string[]; faults: Fault[] } {
  const { place, reference, language, code } = block
  if (reference === undefined) {
    if (!CHECKED_LANGUAGES.has(language)) return { lines: code, faults: [] }
    const what = `The block shows no example. Put <!-- examples/….ts --> or <!-- examples/….ts#region --> above it; or make it a js block, if it is another library's code.`
    return { lines: code, faults: [{ place, what }] }
  }
  const found = exampleOf(reference, examples)
  if ('what' in found) return { lines: code, faults: [{ place, what: found.what }] }
  const lines = found.text.split('\n')
  if (lines.join('\n') === code.join('\n')) return { lines, faults: [] }
  const what = `The block is not what ${reference} has. Run: ${UPDATE}`
  return { lines, faults: [{ place, what, isStale: true }] }
}

/** The text of an example or of one of its regions, or why there is none. */
function exampleOf(reference: string, examples: Texts): { text: string } | { what: string } {
  const [path = '', name] = reference.split('#')
  const source = examples.get(path)
  if (source === undefined) {
    return { what: `There is no file ${path}. Make it, or correct the comment above the block.` }
  }
  if (name === undefined) return { text: shownText(source.split('\n')) }
  const { regions } = regionsOf(path, source)
  const text = regions.get(name)
  if (text !== undefined) return { text }
  const known = [...regions.keys()].join(', ') || 'none'
  const what = `${path} has no region ${name}; its regions: ${known}. Put // #region ${name} and // #endregion ${name} around the lines, or correct the comment above the block.`
  return { what }
}

/** A file's regions by name, as they are shown: dedented, without the markers of others inside. */
export function regionsOf(path: string, source: string): Regions {
  const lines = source.split('\n')
  const markers = lines.flatMap((line, at) => {
    const [marker, end, name = ''] = MARKER.exec(line) ?? []
    return marker === undefined ? [] : [{ at, name, isEnd: end !== undefined }]
  })
  const regions = new Map<string, string>()
  const faults: Fault[] = []
  for (const [name, [first, second, ...others]] of Map.groupBy(markers, (marker) => marker.name)) {
    const isPair = first?.isEnd === false && second?.isEnd === true && others.length === 0
    if (isPair) regions.set(name, shownText(lines.slice(first.at + 1, second.at)))
    else {
      const what = `The region ${name} needs one // #region ${name} and, below, one // #endregion ${name}.`
      faults.push({ place: `${path}:${(first?.at ?? 0) + 1}`, what })
    }
  }
  return { regions, faults }
}

/** Lines as a document shows them. */
function shownText(lines: readonly string[]): string {
  const kept = lines.filter((line) => !MARKER.test(line))
  const indents = kept.filter((line) => line.trim() !== '').map((line) => line.search(/\S/))
  const indent = indents.length === 0 ? 0 : Math.min(...indents)
  const text = kept.map((line) => line.slice(indent).trimEnd()).join('\n')
  // A marker that is gone may leave an empty line on either side.
  return text.replaceAll(/\n{3,}/g, '\n\n').replaceAll(/^\n+|\n+$/g, '')
}

function blocksOf(path: string, lines: readonly string[]): { blocks: Block[]; faults: Fault[] } {
  const blocks: Block[] = []
  let index = 0
  while (index < lines.length) {
    const [opens, prefix = '', fence = '', language = ''] = FENCE.exec(lines[index] ?? '') ?? []
    if (opens !== undefined) {
      const closing = lines.findIndex((line, at) => at > index && closes(line, fence))
      if (closing < 0) {
        const what = `The block has no end. Put ${fence} behind its last line.`
        return { blocks, faults: [{ place: `${path}:${index + 1}`, what }] }
      }
      blocks.push({ opening: index, closing, prefix, language })
      index = closing
    }
    index += 1
  }
  return { blocks, faults: [] }
}

function closes(line: string, fence: string): boolean {
  const [, , found = ''] = /^([> ]*)(`{3,})\s*$/.exec(line) ?? []
  return found.length >= fence.length
}

function linesOf(lines: readonly string[], { opening, closing, prefix }: Block): string[] {
  return lines
    .slice(opening + 1, closing)
    .map((line) => (line.startsWith(prefix) ? line.slice(prefix.length) : ''))
}

/** What the comment above a block names. */
function referenceAbove(lines: readonly string[], opening: number): string | undefined {
  const above = lines.slice(0, opening).findLast((line) => /[^> ]/.test(line))
  return COMMENT.exec(above ?? '')?.[1]
}

function commentsAlone(path: string, lines: readonly string[], blocks: readonly Block[]): Fault[] {
  const openings = new Set(blocks.map(({ opening }) => opening))
  const isInside = (at: number): boolean =>
    blocks.some(({ opening, closing }) => opening < at && at < closing)
  return lines.flatMap((line, index) => {
    if (!COMMENT.test(line) || isInside(index)) return []
    const below = lines.findIndex((text, at) => at > index && /[^> ]/.test(text))
    if (openings.has(below)) return []
    const what = `No block follows the comment. Put \`\`\`ts and \`\`\` below it, and run: ${UPDATE}`
    return [{ place: `${path}:${index + 1}`, what }]
  })
}
