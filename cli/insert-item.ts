/** A range in a text. The end is not included. */
export interface Span {
  readonly start: number
  readonly end: number
}

/** A list or table in brackets, from the opening bracket to after the closing one, and its content. */
export interface Brackets extends Span {
  readonly items: readonly Span[]
}

export interface ItemStyle {
  readonly eol: string
  /** One step of indentation. */
  readonly unit: string
  /** Matches a comment up to the end of its line, or around one inside a line. */
  readonly comments: RegExp
  /** True if empty brackets are opened over several lines. */
  readonly opens: boolean
  /** The text inside brackets on one line: empty, or a space. */
  readonly padding: string
}

/** Returns the item's text for one line (`undefined`), or for the indentation of the line on which it begins. */
export type ItemText = (indent: string | undefined) => string

/**
 * Returns the text with one more item at the end of the brackets, in the style of the previous ones: on its own line or
 * not, with a trailing comma or not. Nothing else changes, and comments stay with their items.
 */
export function insertItem(
  text: string,
  brackets: Brackets,
  item: ItemText,
  style: ItemStyle,
): string {
  const last = brackets.items.at(-1)
  const close = brackets.end - 1
  if (last === undefined) return insertFirst(text, brackets, item, style)
  const comma = commaAfter(text, last.end, close, style.comments)
  const closingLine = lineStart(text, close)
  const hasOwnLine = closingLine > last.end && text.slice(closingLine, close).trim() === ''
  if (!hasOwnLine) {
    const at = comma === undefined ? last.end : comma + 1
    const [before, after] = comma === undefined ? [', ', ''] : [' ', ',']
    return spliced(text, at, before + item(undefined) + after)
  }
  const indent = indentOf(text, last.start) ?? indentOfLine(text, close) + style.unit
  const line = indent + item(indent) + (comma === undefined ? '' : ',') + style.eol
  const withLine = spliced(text, closingLine, line)
  return comma === undefined ? spliced(withLine, last.end, ',') : withLine
}

function insertFirst(
  text: string,
  { start, end }: Brackets,
  item: ItemText,
  { eol, unit, opens, padding }: ItemStyle,
): string {
  const close = end - 1
  const inside = text.slice(start + 1, close)
  const closingLine = lineStart(text, close)
  const closingIndent = indentOfLine(text, close)
  if (closingLine > start && text.slice(closingLine, close).trim() === '') {
    const indent = closingIndent + unit
    return spliced(text, closingLine, indent + item(indent) + eol)
  }
  if (inside.trim() !== '' || !opens) {
    const content = padding + inside.trim() + (inside.trim() === '' ? '' : ' ') + item(undefined)
    return text.slice(0, start + 1) + content + padding + text.slice(close)
  }
  const indent = closingIndent + unit
  const content = `${eol}${indent}${item(indent)}${eol}${closingIndent}`
  return text.slice(0, start + 1) + content + text.slice(close)
}

/** Returns the position of the comma after the last item, or `undefined` if there is none. */
function commaAfter(text: string, from: number, to: number, comments: RegExp): number | undefined {
  const blanked = text.slice(from, to).replaceAll(comments, (comment) => ' '.repeat(comment.length))
  const at = blanked.indexOf(',')
  return at < 0 ? undefined : from + at
}

export function spliced(text: string, at: number, more: string): string {
  return text.slice(0, at) + more + text.slice(at)
}

function lineStart(text: string, at: number): number {
  return text.lastIndexOf('\n', at - 1) + 1
}

/** Returns the end of the line, before the line break. */
export function lineEnd(text: string, at: number): number {
  const found = text.indexOf('\n', at)
  if (found < 0) return text.length
  return text[found - 1] === '\r' && found > at ? found - 1 : found
}

/** Returns the whitespace before this position, if nothing else precedes it on its line. */
function indentOf(text: string, at: number): string | undefined {
  const before = text.slice(lineStart(text, at), at)
  return before.trim() === '' ? before : undefined
}

function indentOfLine(text: string, at: number): string {
  return /^[ \t]*/.exec(text.slice(lineStart(text, at)))?.[0] ?? ''
}
