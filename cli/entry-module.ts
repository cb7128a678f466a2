import { dirname, join } from 'node:path'

import { CliError, messageOf } from './cli-error.ts'
import { lineEnd, type Span, spliced } from './insert-item.ts'
import { moduleOutline, type ModuleOutline } from './module-outline.ts'
import { exportLine, OBJECT_CLASSES, type ObjectClass } from './object-class.ts'
import { readTextFile, type TextFile } from './text-file.ts'

/** Returns the entry module's text with the missing exports, or the same text if none are missing. */
export async function withExports(
  file: TextFile,
  label: string,
  classes: readonly ObjectClass[],
): Promise<string> {
  const module = parsed(file, label, classes)
  if (module.isScript && /addEventListener|module\.exports/.test(file.text)) {
    throw new CliError(
      `${label} is not an ES module, and only those can have Durable Objects. Convert it to "export default { fetch }" first (Cloudflare: migrate from Service Workers to ES modules).`,
    )
  }
  const missing: ObjectClass[] = []
  for (const name of classes) {
    // There are few, usually one.
    // oxlint-disable-next-line no-await-in-loop
    if (!(await isExported(name, file, module, new Set()))) missing.push(name)
  }
  return missing.length === 0 ? file.text : withLines(file, module, missing)
}

function parsed(file: TextFile, label: string, classes: readonly ObjectClass[]): ModuleOutline {
  try {
    return moduleOutline(file.text, file.path)
  } catch (error) {
    const lines = classes.map(exportLine).join('\n')
    throw new CliError(
      `${label} cannot be parsed: ${messageOf(error)}. Fix that, or add this yourself and run the command again with --no-export:\n\n${lines}`,
      { cause: error },
    )
  }
}

/** True if the module exports the name itself, or by an `export *` of a file beside it. */
async function isExported(
  name: ObjectClass,
  file: TextFile,
  module: ModuleOutline,
  seen: Set<string>,
): Promise<boolean> {
  seen.add(file.path)
  const { names, all } = module
  if (names.has(name) || all.includes(OBJECT_CLASSES[name].module)) return true
  for (const specifier of all.filter((each) => each.startsWith('.'))) {
    // One after the other, since the first that exports it is enough.
    // oxlint-disable-next-line no-await-in-loop
    const next = await fileOf(join(dirname(file.path), specifier))
    if (next === undefined || seen.has(next.path)) continue
    const nextModule = parsedOrNothing(next)
    // oxlint-disable-next-line no-await-in-loop
    if (nextModule && (await isExported(name, next, nextModule, seen))) return true
  }
  return false
}

function parsedOrNothing(file: TextFile): ModuleOutline | undefined {
  try {
    return moduleOutline(file.text, file.path)
  } catch {
    return undefined
  }
}

const ENDINGS = ['', '.ts', '.tsx', '.mts', '.js', '.mjs', '.jsx', '/index.ts', '/index.js']

/** Returns the file that a relative import refers to, found as by bundlers. */
async function fileOf(path: string): Promise<TextFile | undefined> {
  const typed = path.replace(/\.([cm]?)js(x?)$/, '.$1ts$2')
  for (const candidate of [...ENDINGS.map((ending) => path + ending), typed]) {
    // In this order, since the first that exists counts.
    // oxlint-disable-next-line no-await-in-loop
    const file = await readTextFile(candidate).catch(() => undefined)
    if (file !== undefined) return file
  }
  return undefined
}

function withLines(
  { text, eol }: TextFile,
  module: ModuleOutline,
  classes: readonly ObjectClass[],
): string {
  const { at, isBehind } = placeOf(text, module)
  const { quote, end } = styleOf(text, module)
  const lines = classes.map((name) => exportLine(name).replaceAll("'", quote) + end).join(eol)
  if (isBehind) return spliced(text, at, eol + lines)
  return spliced(text, at, text.slice(at).trim() === '' ? lines + eol : lines + eol + eol)
}

interface Place {
  readonly at: number
  /** True if it comes after something, false if it comes before what follows. */
  readonly isBehind: boolean
}

/** After the imports, or without any, before the first statement but after what must come first. */
function placeOf(text: string, { imports, firsts, comments }: ModuleOutline): Place {
  const last = imports.at(-1) ?? firsts.at(-1)
  if (last === undefined) return { at: headEnd(text, comments), isBehind: false }
  const [comment = ''] = /^[ \t]*;?(?:[ \t]*\/\/[^\n]*)?/.exec(text.slice(last.end)) ?? []
  const end = lineEnd(text, last.end)
  return { at: end <= last.end + comment.length ? end : last.end, isBehind: true }
}

/**
 * Returns where the file's leading comments end. They are followed by a blank line; a comment without one belongs to
 * what follows.
 */
function headEnd(text: string, comments: readonly Span[]): number {
  const head = comments.findLast(({ start, end }) => {
    const isHead = /^(?:\s|\/\/[^\n]*|\/\*[^]*?\*\/)*$/.test(text.slice(0, start))
    return isHead && /^[ \t]*\r?\n[ \t]*\r?\n/.test(text.slice(end))
  })
  if (head === undefined) return 0
  const [gap = ''] = /^\s*/.exec(text.slice(head.end)) ?? []
  return head.end + gap.length
}

/** Returns the file's style of quotes and semicolons. */
function styleOf(
  text: string,
  { imports, statements }: ModuleOutline,
): { quote: string; end: string } {
  const quote = text[imports[0]?.source.start ?? -1] === '"' ? '"' : "'"
  const statement = imports[0] ?? statements[0]
  const hasEnd = statement !== undefined && text[statement.end - 1] === ';'
  return { quote, end: hasEnd ? ';' : '' }
}
