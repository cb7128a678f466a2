import { isDeepStrictEqual } from 'node:util'

/** A value added to a configuration: text, a list of texts, or a table of those. */
export type Value = string | readonly string[] | { readonly [key: string]: Value }

/**
 * One change of a wrangler configuration in any format: an item appended to the list at this path, which is created if
 * absent, or an entry whose key ends the path.
 */
export interface Addition {
  readonly kind: 'item' | 'entry'
  readonly path: readonly string[]
  readonly value: Value
}

export type Table = { readonly [key: string]: unknown }

export function isTable(value: unknown): value is Table {
  const isOther = Array.isArray(value) || value instanceof Date
  return typeof value === 'object' && value !== null && !isOther
}

/** Returns the value at a path, or `undefined` if there is none. */
export function valueAt(config: unknown, path: readonly string[]): unknown {
  return path.reduce<unknown>(
    (value, key) => (isTable(value) && Object.hasOwn(value, key) ? value[key] : undefined),
    config,
  )
}

/** Returns the configuration with the additions, as each format must read it afterwards. */
export function withAdditions(config: Table, additions: readonly Addition[]): Table {
  return additions.reduce<Table>(
    (table, addition) => withAddition(table, addition.path, addition),
    config,
  )
}

function withAddition(table: Table, path: readonly string[], addition: Addition): Table {
  const [key = '', ...rest] = path
  const present = Object.hasOwn(table, key) ? table[key] : undefined
  if (rest.length > 0) {
    return { ...table, [key]: withAddition(isTable(present) ? present : {}, rest, addition) }
  }
  if (addition.kind === 'entry') return { ...table, [key]: addition.value }
  return {
    ...table,
    [key]: [...(Array.isArray(present) ? (present as unknown[]) : []), addition.value],
  }
}

/** True if two parsed configurations are equal. */
export function isSame(one: Table, other: Table): boolean {
  return isDeepStrictEqual(plain(one), plain(other))
}

/** Returns the value with ordinary objects, since parsers create different ones. */
function plain(value: unknown): unknown {
  if (Array.isArray(value)) return value.map(plain)
  if (!isTable(value)) return value
  return Object.fromEntries(Object.entries(value).map(([key, each]) => [key, plain(each)]))
}
