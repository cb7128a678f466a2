import { changesOf, newPatch } from '../session/changes.ts'
import type { Change, CodecSession, DataCodec } from '../session/codec.ts'
import { DATA, type Entries, keyOf } from '../session/patch.ts'
import { type DataSchema, type Dictionary, type Faults, faultsOf } from './standard-schema.ts'

/** What is checked, and by what. */
export interface Check {
  readonly codec: Pick<DataCodec, 'encode' | 'decode'>
  readonly schema: DataSchema
  readonly migrate: ((stored: Dictionary) => unknown) | undefined
  readonly session: CodecSession
}

/** Against N others a migration needs at most N tries, since every round has a winner. */
const MAX_TRIES = 20

/**
 * The stored entries that the schema accepts. If it does not accept all, or misses some, `migrate` is asked first, and its
 * outcome is stored, unless another request was quicker; if the store is not atomic, with the request's own write. What is
 * refused even then is left out and reported; it stays in the store until its key is written.
 */
export async function admitted(
  check: Check,
  entries: Entries,
  triesLeft: number = MAX_TRIES,
): Promise<Entries> {
  const stored = dictionaryIn(check, entries)
  const faults = faultsOrAll(check, stored)
  const migrated = faults.isComplete ? undefined : await migratedEntries(check, entries, stored)
  if (migrated === undefined) return passing(check, entries, stored, faults.keys)
  const { texts, made, refused } = migrated
  const changes = changesBetween(entries, texts)
  const outcome = await written(check.session, entries, changes)
  if (outcome === 'conflict' && triesLeft > 1) {
    const newer = await check.session.reload()
    return newer === undefined ? {} : admitted(check, newer, triesLeft - 1)
  }
  if (outcome === 'conflict' || outcome === 'refused') {
    return passing(check, entries, stored, faults.keys)
  }
  const view = passing(check, texts, made, refused)
  if (outcome === 'waits') waiting.set(view, changes)
  return view
}

/** The changes that wait for the request's own write, by the entries given out: KV takes one write a second for a key. */
const waiting = new WeakMap<Entries, readonly Change[]>()

/** The changes of a write over these entries: what is recorded, over what a migration has left for it, once. */
export function withMigration(
  session: CodecSession,
  entries: Entries,
  recorded: Iterable<Change>,
): Iterable<Change> {
  const changes = waiting.get(entries)
  if (changes === undefined) return recorded
  waiting.delete(entries)
  report(session, changes)
  return new Map([...changes, ...recorded])
}

function changesBetween(before: Entries, after: Entries): Change[] {
  return Object.keys({ ...before, ...after })
    .filter((name) => before[name] !== after[name])
    .map((name) => [name, after[name] ?? null])
}

/** Writes what a migration changes, unless another request has changed it, or it has to wait for the request's own write. */
async function written(
  session: CodecSession,
  entries: Entries,
  changes: readonly Change[],
): Promise<'written' | 'waits' | 'conflict' | 'refused'> {
  if (changes.length === 0) return 'written'
  if (!session.isAtomic) return 'waits'
  const expect = changes.map(([name]) => [name, entries[name] ?? null] as const)
  const reply = await session.write(newPatch({ expect, ...changesOf(changes) }))
  if (!reply.ok) return reply.why === 'conflict' ? 'conflict' : 'refused'
  report(session, changes)
  return 'written'
}

function report(session: CodecSession, changes: readonly Change[]): void {
  session.report({ type: 'migrated', keys: changes.map(([name]) => keyOf(name)), id: session.id })
}

interface Migrated {
  /** What is to be stored. */
  readonly texts: Entries
  /** What was made. */
  readonly made: Dictionary
  /** The keys that the schema refuses, as it did before. */
  readonly refused: readonly string[]
}

/** What `migrate` makes of an older dictionary; `undefined` if it is nothing, or nothing that may be stored. */
async function migratedEntries(
  { codec, schema, migrate, session }: Check,
  entries: Entries,
  stored: Dictionary,
): Promise<Migrated | undefined> {
  if (migrate === undefined) return undefined
  try {
    // A dictionary of its own, so that what it changes in place is seen.
    const result = await migrate({ ...stored })
    if (result === undefined) return undefined
    // Anything else, such as false, would become an empty dictionary.
    if (Object(result) !== result || Array.isArray(result)) throw new TypeError('no dictionary')
    const made = definedOnly(Object.entries(Object(result)))
    const { keys: refused } = faultsOf(schema, made)
    if (refused.some((key) => made[key] !== stored[key])) throw new TypeError('refused')
    const others = Object.entries(entries).filter(
      ([name]) => !name.startsWith(DATA) || !Object.hasOwn(stored, keyOf(name)),
    )
    const texts = Object.entries(made).map(([key, value]) => {
      const same = value === stored[key] ? entries[DATA + key] : undefined
      return [DATA + key, same ?? codec.encode(key, value)] as const
    })
    return { texts: Object.fromEntries([...others, ...texts]), made, refused }
  } catch {
    // Its error is not reported: it may contain stored values.
    session.report({ type: 'migration-failed', id: session.id })
    return undefined
  }
}

/** What the schema finds, or fault with everything if it throws: stored data is never a reason to fail a request. */
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
  { session }: Check,
  entries: Entries,
  values: Dictionary,
  refused: readonly string[],
): Entries {
  if (refused.length > 0) session.report({ type: 'invalid', keys: refused, id: session.id })
  const passes = (key: string): boolean => Object.hasOwn(values, key) && !refused.includes(key)
  return Object.fromEntries(
    Object.entries(entries).filter(([name]) => !name.startsWith(DATA) || passes(keyOf(name))),
  )
}

/** The application's values, but for those that can't be read back, which are reported. */
function dictionaryIn({ codec, session }: Check, entries: Entries): Dictionary {
  const own = Object.entries(entries).filter(([name]) => name.startsWith(DATA))
  return definedOnly(
    own.map(([name, text]) => {
      try {
        return [keyOf(name), codec.decode(text)]
      } catch {
        session.report({ type: 'corrupt', id: session.id })
        return [keyOf(name), undefined]
      }
    }),
  )
}

function definedOnly(values: readonly (readonly [key: string, value: unknown])[]): Dictionary {
  return Object.fromEntries(values.filter(([, value]) => value !== undefined))
}
