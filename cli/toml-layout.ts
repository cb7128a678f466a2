import { parse } from 'smol-toml'

import type { Brackets, Span } from './insert-item.ts'

/** A value at its position in the text, with or without brackets. */
export type TomlValue =
  | ({ readonly kind: 'list' } & Brackets)
  | ({ readonly kind: 'table'; readonly items: readonly TomlPair[] } & Span)
  | ({ readonly kind: 'scalar' } & Span)

interface TomlPair extends Span {
  readonly path: readonly string[]
  readonly value: TomlValue
}

/** A header or a key-value pair, from its first character to after its last one, with its whole path. */
export type TomlStatement = Span & { readonly path: readonly string[] } & (
    | { readonly kind: 'header'; readonly isList: boolean }
    | { readonly kind: 'pair'; readonly value: TomlValue }
  )

/** Returns the positions of a TOML document's statements. The document must be valid: a parser has read it before. */
export function tomlLayout(text: string): TomlStatement[] {
  const statements: TomlStatement[] = []
  const scanner = new Scanner(text)
  let table: readonly string[] = []
  while (!scanner.isAtEnd()) {
    const statement = text[scanner.at] === '[' ? scanner.header() : scanner.pair()
    if ('isList' in statement) {
      table = statement.path
      statements.push({ kind: 'header', ...statement })
    } else {
      statements.push({ kind: 'pair', ...statement, path: [...table, ...statement.path] })
    }
  }
  return statements
}

const STRING = /"""(?:\\[^]|[^\\])*?"""+|'''[^]*?'''+|"(?:\\.|[^"\\\n])*"|'[^'\n]*'/y
const BLANK = /(?:[ \t\r\n]|#[^\n]*)*/y
const SPACE = /[ \t]*/y
const BARE_KEY = /[\w-]+/y
const SCALAR = /[^,\]}#\r\n]*/y

class Scanner {
  at = 0
  readonly #text: string

  constructor(text: string) {
    this.#text = text
  }

  isAtEnd(): boolean {
    this.#take(BLANK)
    return this.at >= this.#text.length
  }

  header(): Span & { path: string[]; isList: boolean } {
    const start = this.at
    const isList = this.#text.startsWith('[[', start)
    this.at += isList ? 2 : 1
    const path = this.#key()
    this.at += isList ? 2 : 1
    return { start, end: this.at, path, isList }
  }

  pair(): TomlPair {
    const start = this.at
    const path = this.#key()
    // The equals sign.
    this.at += 1
    this.#take(SPACE)
    const value = this.#value()
    return { start, end: value.end, path, value }
  }

  /** Returns the parts of a dotted key, and skips the whitespace around them. */
  #key(): string[] {
    const parts: string[] = []
    do {
      if (parts.length > 0) this.at += 1
      this.#take(SPACE)
      parts.push(keyOf(this.#take(STRING) || this.#take(BARE_KEY)))
      this.#take(SPACE)
    } while (this.#text[this.at] === '.')
    return parts
  }

  #value(): TomlValue {
    const start = this.at
    const first = this.#text[start]
    if (first === '[') {
      const items = this.#inBrackets(']', () => this.#value())
      return { kind: 'list', start, end: this.at, items }
    }
    if (first === '{') {
      const items = this.#inBrackets('}', () => this.pair())
      return { kind: 'table', start, end: this.at, items }
    }
    const scalar = this.#take(STRING) || this.#take(SCALAR)
    return { kind: 'scalar', start, end: start + scalar.trimEnd().length }
  }

  #inBrackets<Item>(close: ']' | '}', item: () => Item): Item[] {
    const items: Item[] = []
    this.at += 1
    this.#take(BLANK)
    while (this.#text[this.at] !== close && this.at < this.#text.length) {
      items.push(item())
      this.#take(BLANK)
      if (this.#text[this.at] === ',') this.at += 1
      this.#take(BLANK)
    }
    this.at += 1
    return items
  }

  #take(pattern: RegExp): string {
    const sticky = new RegExp(pattern)
    sticky.lastIndex = this.at
    const [found = ''] = sticky.exec(this.#text) ?? []
    this.at += found.length
    return found
  }
}

/** Returns a key without its quotes and escapes. */
function keyOf(written: string): string {
  return Object.keys(parse(`${written} = 0`))[0] ?? written
}
