import {
  findNodeAtLocation,
  type Node,
  parse,
  type ParseError,
  parseTree,
  printParseErrorCode,
} from 'jsonc-parser'

import { type Addition, isTable, type Table, type Value } from './addition.ts'
import { insertItem, type ItemText } from './insert-item.ts'

const OPTIONS = { allowTrailingComma: true }

/** Parses JSON with comments. Throws, with line and column, if it is invalid or not an object. */
export function parseJsonc(text: string): Table {
  const errors: ParseError[] = []
  const config: unknown = parse(text, errors, OPTIONS)
  const [first] = errors
  if (first !== undefined) {
    const lines = text.slice(0, first.offset).split('\n')
    const place = `line ${lines.length}, column ${(lines.at(-1)?.length ?? 0) + 1}`
    throw new Error(`${printParseErrorCode(first.error)} at ${place}`)
  }
  if (!isTable(config)) throw new Error('It is not an object.')
  return config
}

/** Returns the text with the addition, and otherwise unchanged. Throws if there is no place for it. */
export function addToJsonc(text: string, addition: Addition, eol: string): string {
  const root = parseTree(text, [], OPTIONS)
  if (root === undefined) throw new Error('It is empty.')
  const { path, value } = addition
  let depth = path.length
  let node = root
  for (; depth > 0; depth -= 1) {
    const found = findNodeAtLocation(root, path.slice(0, depth))
    if (found !== undefined) {
      node = found
      break
    }
  }
  const unit = unitOf(text)
  const style = { eol, unit, comments: /\/\/[^\n]*|\/\*[^]*?\*\//g, opens: true, padding: '' }
  const rest = path.slice(depth)
  if (rest.length === 0 && node.type === 'array') {
    return insertItem(text, bracketsOf(node), (indent) => jsonText(value, indent, unit, eol), style)
  }
  const [key] = rest
  if (node.type !== 'object' || key === undefined) {
    throw new Error(`${path.join('.')} is something else.`)
  }
  const leaf: JsonValue = addition.kind === 'item' ? [value] : value
  const nested = rest.slice(1).reduceRight<JsonValue>((inner, name) => ({ [name]: inner }), leaf)
  const property: ItemText = (indent) =>
    `${JSON.stringify(key)}: ${jsonText(nested, indent, unit, eol)}`
  return insertItem(text, bracketsOf(node), property, { ...style, padding: ' ' })
}

/** A value written into a configuration, with the values around it. */
export type JsonValue = Value | readonly JsonValue[] | { readonly [key: string]: JsonValue }

function bracketsOf({ offset, length, children = [] }: Node): {
  start: number
  end: number
  items: { start: number; end: number }[]
} {
  const items = children.map((child) => ({ start: child.offset, end: child.offset + child.length }))
  return { start: offset, end: offset + length, items }
}

/** Returns the file's unit of indentation. */
function unitOf(text: string): string {
  return /\{[^\S\n]*\r?\n(?:[^\S\n]*\/\/[^\n]*\n)*([ \t]+)/.exec(text)?.[1] ?? '  '
}

/** Returns JSON text. A value that contains only texts, or lists of them, is on one line. */
export function jsonText(
  value: JsonValue,
  indent: string | undefined,
  unit: string,
  eol: string,
): string {
  if (typeof value === 'string') return JSON.stringify(value)
  const isList = Array.isArray(value)
  const deeper = indent === undefined || isFlat(value) ? undefined : indent + unit
  const parts = isList
    ? (value as readonly JsonValue[]).map((each) => jsonText(each, deeper, unit, eol))
    : Object.entries(value).map(
        ([key, each]: [string, JsonValue]) =>
          `${JSON.stringify(key)}: ${jsonText(each, deeper, unit, eol)}`,
      )
  const [open, close] = isList ? ['[', ']'] : ['{', '}']
  if (deeper !== undefined) {
    const lines = parts.map((part) => deeper + part).join(`,${eol}`)
    return `${open}${eol}${lines}${eol}${indent ?? ''}${close}`
  }
  const padding = isList ? '' : ' '
  return `${open}${padding}${parts.join(', ')}${padding}${close}`
}

function isFlat(value: JsonValue): boolean {
  return Object.values(value).every(
    (each: JsonValue) =>
      typeof each === 'string' ||
      (Array.isArray(each) && each.every((item) => typeof item === 'string')),
  )
}
