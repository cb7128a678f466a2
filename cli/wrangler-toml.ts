import { parse } from 'smol-toml'

import { type Addition, isTable, type Table, type Value } from './addition.ts'
import { insertItem, lineEnd, spliced } from './insert-item.ts'
import { tomlLayout, type TomlStatement, type TomlValue } from './toml-layout.ts'

const STYLE = { unit: '  ', comments: /#[^\n]*/g, opens: false } as const

/** Parses TOML. Throws the parser's own error if it is invalid. */
export function parseToml(text: string): Table {
  return parse(text)
}

/**
 * Returns the text with the addition, and otherwise unchanged: inside brackets if the list or table is written that
 * way, otherwise as a separate table after similar ones, or at the end. Throws if there is no place for it.
 */
export function addToToml(text: string, addition: Addition, eol: string): string {
  const layout = tomlLayout(text)
  const { path } = addition
  for (const statement of layout) {
    const isInside = statement.kind === 'pair' && startsWith(path, statement.path)
    if (isInside) {
      const rest = path.slice(statement.path.length)
      return addInside(text, statement.value, rest, addition, eol)
    }
  }
  if (!isTable(addition.value)) throw new Error(`There is no list ${path.join('.')}.`)
  const { at, isEnd } = placeFor(text, layout, addition)
  return withBlock(text, at, isEnd, tomlBlock(addition), eol)
}

/** Returns the lines of a separate table. */
export function tomlBlock({ kind, path, value }: Addition): string[] {
  const name = path.map(keyText).join('.')
  if (!isTable(value)) return [`${name} = [${valueText(value)}]`]
  const header = kind === 'item' ? `[[${name}]]` : `[${name}]`
  const pairs = Object.entries(value).map(([key, each]) => `${keyText(key)} = ${valueText(each)}`)
  return [header, ...pairs]
}

function addInside(
  text: string,
  value: TomlValue,
  rest: readonly string[],
  addition: Addition,
  eol: string,
): string {
  if (rest.length === 0 && value.kind === 'list') {
    const style = { ...STYLE, eol, padding: '' }
    return insertItem(text, value, () => valueText(addition.value), style)
  }
  if (value.kind !== 'table' || rest.length === 0) {
    throw new Error(`${addition.path.join('.')} is something else.`)
  }
  for (const pair of value.items) {
    if (startsWith(rest, pair.path)) {
      return addInside(text, pair.value, rest.slice(pair.path.length), addition, eol)
    }
  }
  const key = rest.map(keyText).join('.')
  const written = valueText(addition.value)
  const pair = `${key} = ${addition.kind === 'item' ? `[${written}]` : written}`
  return insertItem(text, value, () => pair, { ...STYLE, eol, padding: ' ' })
}

interface Place {
  readonly at: number
  /** True if only comments follow. */
  readonly isEnd: boolean
}

/**
 * After the last table that is most closely related: of the same list, of the same first key or environment, or of no
 * environment.
 */
function placeFor(text: string, layout: readonly TomlStatement[], { path }: Addition): Place {
  const environment = path[0] === 'env' ? path.slice(0, 2) : []
  const kin = [path, environment.length > 0 ? environment : path.slice(0, 1), environment]
  for (const prefix of kin) {
    const isKin = (statement: TomlStatement): boolean => {
      const isOther = environment.length === 0 && statement.path[0] === 'env'
      return startsWith(statement.path, prefix) && !isOther
    }
    const isHeader = layout.some((each) => each.kind === 'header' && isKin(each))
    const last = layout.findLastIndex(isKin)
    if (last >= 0 && (isHeader || prefix.length === 0)) return behind(text, layout, last)
  }
  return { at: text.length, isEnd: true }
}

/** After a statement and the comment lines that belong to it, up to a blank line. */
function behind(text: string, layout: readonly TomlStatement[], index: number): Place {
  if (index === layout.length - 1) return { at: text.length, isEnd: true }
  const end = lineEnd(text, layout[index]?.end ?? 0)
  const [comments = ''] = /^(?:\r?\n[ \t]*#[^\n]*)*(?=\r?\n[ \t]*\r?\n)/.exec(text.slice(end)) ?? []
  return { at: end + comments.trimEnd().length, isEnd: false }
}

function withBlock(
  text: string,
  at: number,
  isEnd: boolean,
  lines: readonly string[],
  eol: string,
): string {
  const block = lines.join(eol)
  if (!isEnd) {
    const hasGapBehind = /^[ \t]*\r?\n[ \t]*\r?\n/.test(text.slice(at))
    return spliced(text, at, eol + eol + block + (hasGapBehind ? '' : eol))
  }
  const isClosed = text === '' || text.endsWith('\n')
  const hasGap = text === '' || /\n[ \t]*\r?\n$/.test(text)
  const gap = (isClosed ? '' : eol) + (hasGap ? '' : eol)
  return text + gap + block + (isClosed ? eol : '')
}

function startsWith(path: readonly string[], prefix: readonly string[]): boolean {
  return prefix.length <= path.length && prefix.every((key, index) => path[index] === key)
}

function keyText(key: string): string {
  return /^[\w-]+$/.test(key) ? key : JSON.stringify(key)
}

function valueText(value: Value): string {
  if (typeof value === 'string') return JSON.stringify(value)
  if (Array.isArray(value)) {
    return `[${(value as readonly string[]).map((each) => JSON.stringify(each)).join(', ')}]`
  }
  const pairs = Object.entries(value).map(([key, each]) => `${keyText(key)} = ${valueText(each)}`)
  return `{ ${pairs.join(', ')} }`
}
