import { changesOf, newPatch } from '../session/changes.ts'
import { DATA, type Entries, keyOf } from '../session/patch.ts'
import type { SessionPort } from '../session/port.ts'
import type { Values } from '../session/values.ts'
import { type DataSchema, type Dictionary, type Faults, faultsOf } from './standard-schema.ts'

/** What is checked, and by what. */
interface Check {
  readonly port: SessionPort
  readonly values: Values
  readonly schema: DataSchema
}

/** Against N others a migration needs N tries at most, since every round has a winner. */
const MAX_TRIES = 20

/** Reads the stored entries, those that pass the schema if there is one. */
export function readChecked(
  { port, values }: Omit<Check, 'schema'>,
  isFresh: boolean,
): Promise<Entries | undefined> {
  const { schema } = port.settings
  const read = port.read(isFresh)
  if (schema === undefined) return read
  return read.then((entries) => checkedEntries({ port, values, schema }, entries))
}

/**
 * The stored entries that the schema lets pass. Where it does not let all pass, or misses some, `migrate` is asked first,
 * and its outcome is stored, unless another request was quicker; where the store is not atomic, with the request's own
 * write. What is refused even then is left out and reported; it stays in the store until its key is written.
 */
async function checkedEntries(
  check: Check,
  entries: Entries | undefined,
  triesLeft: number = MAX_TRIES,
): Promise<Entries | undefined> {
  if (entries === undefined) return undefined
  const stored = dictionaryOf(check, entries)
  const faults = faultsOrAll(check, stored)
  const migrated = faults.isComplete ? undefined : await migratedEntries(check, entries, stored)
  if (migrated === undefined) return passing(check, entries, stored, faults.keys)
  const { texts, made, refused } = migrated
  const changes = changesBetween(entries, texts)
  const outcome = await written(check.port, entries, changes)
  if (outcome === 'conflict' && triesLeft > 1) {
    return checkedEntries(check, await check.port.read(true), triesLeft - 1)
  }
  if (outcome === 'conflict' || outcome === 'refused') {
    return passing(check, entries, stored, faults.keys)
  }
  const view = passing(check, texts, made, refused)
  if (outcome === 'waits') waiting.set(view, changes)
  return view
}

function changesBetween(before: Entries, after: Entries): Change[] {
  return Object.keys({ ...before, ...after })
    .filter((name) => before[name] !== after[name])
    .map((name) => [name, after[name] ?? null])
}

/** Writes what a migration changes, unless somebody else has changed it, or it has to wait for the request's own write. */
async function written(
  port: SessionPort,
  entries: Entries,
  changes: readonly Change[],
): Promise<'written' | 'waits' | 'conflict' | 'refused'> {
  if (changes.length === 0) return 'written'
  if (!port.store.isAtomic) return 'waits'
  const expect = changes.map(([name]) => [name, entries[name] ?? null] as const)
  const reply = await port.write(newPatch({ expect, ...changesOf(changes) }))
  if (!reply.ok) return reply.why === 'conflict' ? 'conflict' : 'refused'
  report(port, changes)
  return 'written'
}

type Change = readonly [name: string, text: string | null]

/** What waits for the request's own write, by the entries that were given out: KV takes one write a second for a key. */
const waiting = new WeakMap<Entries, readonly Change[]>()

/** What a write of these entries has to write: what is recorded, over what a migration has left for it, once. */
export function withMigration(
  port: SessionPort,
  entries: Entries | undefined,
  recorded: Iterable<Change>,
): Iterable<Change> {
  const changes = entries && waiting.get(entries)
  if (entries === undefined || changes === undefined) return recorded
  waiting.delete(entries)
  report(port, changes)
  return new Map([...changes, ...recorded])
}

function report({ settings, id }: SessionPort, changes: readonly Change[]): void {
  settings.emit({ type: 'migrated', keys: changes.map(([name]) => keyOf(name)), id })
}

interface Migrated {
  /** What is to be stored. */
  readonly texts: Entries
  /** What was made. */
  readonly made: Dictionary
  /** The keys that the schema refuses, as it did before. */
  readonly refused: readonly string[]
}

/**
 * What the application makes of an older dictionary; `undefined` where it makes nothing of it, or what it makes would not
 * do: then nothing is lost by it.
 */
async function migratedEntries(
  { port, values, schema }: Check,
  entries: Entries,
  stored: Dictionary,
): Promise<Migrated | undefined> {
  const { migrate, emit } = port.settings
  if (migrate === undefined) return undefined
  try {
    // A dictionary of its own: what it changes in place is to be seen.
    const result = await migrate({ ...stored })
    if (result === undefined) return undefined
    // Of anything else, such as false, an empty dictionary would come.
    if (Object(result) !== result || Array.isArray(result)) throw new TypeError('no dictionary')
    const made = definedOnly(Object.entries(Object(result)))
    const { keys: refused } = faultsOf(schema, made)
    if (refused.some((key) => made[key] !== stored[key])) throw new TypeError('refused')
    const others = Object.entries(entries).filter(
      ([name]) => !name.startsWith(DATA) || !Object.hasOwn(stored, keyOf(name)),
    )
    const texts = Object.entries(made).map(([key, value]) => {
      const same = value === stored[key] ? entries[DATA + key] : undefined
      return [DATA + key, same ?? values.encode(key, value)] as const
    })
    return { texts: Object.fromEntries([...others, ...texts]), made, refused }
  } catch {
    // What it threw may speak of stored values.
    emit({ type: 'migration-failed', id: port.id })
    return undefined
  }
}

/** What the schema finds, or fault with everything where it throws: stored data is never a reason to fail a request. */
function faultsOrAll({ schema }: Check, stored: Dictionary): Faults {
  // Nothing needs no migration.
  if (Object.keys(stored).length === 0) return { keys: [], isComplete: true }
  try {
    return faultsOf(schema, stored)
  } catch {
    return { keys: Object.keys(stored), isComplete: false }
  }
}

/** The entries but for those that can't be read back, and those of refused keys, which are reported. */
function passing(
  { port }: Check,
  entries: Entries,
  values: Dictionary,
  refused: readonly string[],
): Entries {
  if (refused.length > 0) port.settings.emit({ type: 'invalid', keys: refused, id: port.id })
  const passes = (key: string): boolean => Object.hasOwn(values, key) && !refused.includes(key)
  return Object.fromEntries(
    Object.entries(entries).filter(([name]) => !name.startsWith(DATA) || passes(keyOf(name))),
  )
}

/** The application's values, but for those that can't be read back. */
function dictionaryOf({ values }: Check, entries: Entries): Dictionary {
  const own = Object.entries(entries).filter(([name]) => name.startsWith(DATA))
  return definedOnly(own.map(([name, text]) => [keyOf(name), values.decode(text)]))
}

function definedOnly(values: readonly (readonly [key: string, value: unknown])[]): Dictionary {
  return Object.fromEntries(values.filter(([, value]) => value !== undefined))
}
