import { dirname, join } from 'node:path'

import { CliError, messageOf } from './cli-error.ts'
import { lineEnd, type Span, spliced } from './insert-item.ts'
import { moduleOutline, type ModuleOutline } from './module-outline.ts'
import { exportLine, OBJECT_CLASSES, type ObjectClass } from './object-class.ts'
import { readTextFile, type TextFile } from './text-file.ts'

/** The entry module's text with the exports that it lacks; the very same text where it lacks none. */
export async function withExports(
  file: TextFile,
  label: string,
  classes: readonly ObjectClass[],
): Promise<string> {
  const module = parsed(file, label, classes)
  if (module.isScript && /addEventListener|module\.exports/.test(file.text)) {
    throw new CliError(
      `${label} is not an ES module, and only those can have Durable Objects. Write it with "export default { fetch }" first (Cloudflare: migrate from Service Workers to ES modules).`,
    )
  }
  const missing: ObjectClass[] = []
  for (const name of classes) {
    // Few, and mostly one.
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
      `${label} can't be read: ${messageOf(error)}. Correct that, or add this yourself and run this again with --no-export:\n\n${lines}`,
      { cause: error },
    )
  }
}

/** Whether the module exports the name, itself or by all that a file beside it exports. */
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
    // One after the other, since the first that has it is enough.
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

/** The file that a relative import means, as bundlers look for it. */
async function fileOf(path: string): Promise<TextFile | undefined> {
  const typed = path.replace(/\.([cm]?)js(x?)$/, '.$1ts$2')
  for (const candidate of [...ENDINGS.map((ending) => path + ending), typed]) {
    // In this order, since the first that is there counts.
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
  /** Whether it is behind something else, and not before what follows. */
  readonly isBehind: boolean
}

/** Behind the imports; without any, before the first statement, but behind what has to come first. */
function placeOf(text: string, { imports, firsts, comments }: ModuleOutline): Place {
  const last = imports.at(-1) ?? firsts.at(-1)
  if (last === undefined) return { at: headEnd(text, comments), isBehind: false }
  const [comment = ''] = /^[ \t]*;?(?:[ \t]*\/\/[^\n]*)?/.exec(text.slice(last.end)) ?? []
  const end = lineEnd(text, last.end)
  return { at: end <= last.end + comment.length ? end : last.end, isBehind: true }
}

/** Where the comments about the file end: those with a blank line behind. One without is about what follows. */
function headEnd(text: string, comments: readonly Span[]): number {
  const head = comments.findLast(({ start, end }) => {
    const isHead = /^(?:\s|\/\/[^\n]*|\/\*[^]*?\*\/)*$/.test(text.slice(0, start))
    return isHead && /^[ \t]*\r?\n[ \t]*\r?\n/.test(text.slice(end))
  })
  if (head === undefined) return 0
  const [gap = ''] = /^\s*/.exec(text.slice(head.end)) ?? []
  return head.end + gap.length
}

/** Quotes and semicolons as the file has them. */
function styleOf(
  text: string,
  { imports, statements }: ModuleOutline,
): { quote: string; end: string } {
  const quote = text[imports[0]?.source.start ?? -1] === '"' ? '"' : "'"
  const statement = imports[0] ?? statements[0]
  const hasEnd = statement !== undefined && text[statement.end - 1] === ';'
  return { quote, end: hasEnd ? ';' : '' }
}
