import { isDictionary, type Meta, MIN_OPERATIONS, parseMeta } from '../../record/meta.ts'
import type { State } from '../../record/step.ts'
import type { Entries } from '../../session/patch.ts'

/** The used part of an object's synchronous storage. */
interface Rows {
  list(): Iterable<[name: string, value: unknown]>
  put(name: string, value: string): void
  delete(name: string): boolean
}

/** The name of the session's own row. The names of entries begin with another character. */
export const SESSION = '$'
/**
 * The maximum number of characters, of entries and their names, in the session's own row. Most writes then are one row,
 * billed once, and no number of names makes a row that storage refuses.
 */
const MAX_TOGETHER = 2048

type SessionRow = Meta & { readonly entries?: Entries }

/** A session in an object's storage: one row for small entries, and one row for each large entry. */
export class SessionRows {
  readonly #rows: Rows
  /** The entries in the session's row, and the number of their characters. */
  readonly #together = new Map<string, string>()
  #characters = 0
  readonly #apart = new Set<string>()
  /** The session's row as it was last saved. */
  #text = ''

  constructor(rows: Rows) {
    this.#rows = rows
  }

  load(): State | 'corrupt' | undefined {
    const rows = new Map(this.#rows.list())
    if (!rows.has(SESSION)) return undefined
    const session: SessionRow | undefined = parseMeta(rows.get(SESSION))
    rows.delete(SESSION)
    if (session === undefined) return 'corrupt'
    const { entries = {}, ...meta } = session
    if (!isDictionary(entries)) return 'corrupt'
    for (const name of rows.keys()) this.#apart.add(name)
    for (const [name, text] of Object.entries(entries)) this.#keep(name, text)
    const all = new Map([...this.#together, ...rows])
    return isTexts(all) ? { meta, entries: all } : 'corrupt'
  }

  /** Saves the changes. Throws if storage refuses one, and earlier ones may then be stored. */
  save({ meta, entries }: State, changed: readonly string[]): void {
    for (const name of changed) this.#save(name, entries.get(name))
    // The other operations are known as long as the object is in memory. A row above a thousand bytes takes two pages.
    const operations = meta.operations.slice(-MIN_OPERATIONS)
    const row: SessionRow = { ...meta, operations, entries: Object.fromEntries(this.#together) }
    const text = JSON.stringify(row)
    // A part may have changed only an entry with its own row.
    if (text === this.#text) return
    this.#rows.put(SESSION, text)
    this.#text = text
  }

  /** Notes that storage has been emptied. */
  clear(): void {
    this.#text = ''
    this.#together.clear()
    this.#apart.clear()
    this.#characters = 0
  }

  #save(name: string, text: string | undefined): void {
    this.#drop(name)
    const fits = this.#characters + name.length + (text?.length ?? 0) <= MAX_TOGETHER
    if (text === undefined) {
      if (this.#apart.delete(name)) this.#rows.delete(name)
    } else if (fits && !this.#apart.has(name)) {
      this.#keep(name, text)
    } else {
      this.#rows.put(name, text)
      this.#apart.add(name)
    }
  }

  #keep(name: string, text: string): void {
    this.#together.set(name, text)
    this.#characters += name.length + text.length
  }

  #drop(name: string): void {
    const text = this.#together.get(name)
    if (text === undefined) return
    this.#characters -= name.length + text.length
    this.#together.delete(name)
  }
}

function isTexts(texts: ReadonlyMap<string, unknown>): texts is State['entries'] {
  return texts.values().every((text) => typeof text === 'string')
}
