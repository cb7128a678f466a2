import { SessionError, type SessionErrorCode } from '../errors.ts'
import { changesOf, newPatch } from '../session/changes.ts'
import type { Change, CodecSession, DataCodec } from '../session/codec.ts'
import { DATA, type Entries, keyOf, type Patch } from '../session/patch.ts'
import { type DataSchema, type Dictionary, type Faults, faultsOf } from './standard-schema.ts'

/** The dependencies of a check. */
export interface Check {
  readonly codec: Pick<DataCodec, 'encode' | 'decode' | 'watch'>
  readonly schema: DataSchema
  readonly migrate: ((stored: Dictionary) => unknown) | undefined
  readonly session: CodecSession
}

/** Of N parallel requests a migration needs at most N tries, since each round has one winner. */
const MAX_TRIES = 20

/**
 * Returns the stored entries that the schema accepts. If some are refused or keys are missing, `migrate` runs first.
 * Its result is stored, unless another request was faster. If the store is not atomic, or the write fails, it is stored
 * with the request's own write. Entries that are still refused are omitted and reported. They stay in the store until
 * their key is written.
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
  if (outcome !== 'written') waiting.set(view, outcome)
  return view
}

/** A migration that is not written yet. */
interface Waiting {
  readonly changes: readonly Change[]
  /** The write that failed. It is sent again before the request's own first change. */
  readonly patch?: Patch
  /** The pending second write. */
  writing?: Promise<void>
}

/** The waiting migrations, by the entries returned. KV accepts one write a second for a key. */
const waiting = new WeakMap<Entries, Waiting>()

/**
 * Returns the changes for a write over these entries, with those of a waiting migration added once. Recorded changes
 * take precedence.
 */
export function withMigration(
  session: CodecSession,
  entries: Entries,
  recorded: Iterable<Change>,
): Iterable<Change> {
  const found = waiting.get(entries)
  if (found === undefined) return recorded
  waiting.delete(entries)
  report(session, found.changes)
  return new Map([...found.changes, ...recorded])
}

/**
 * Retries a migration of these entries whose first write failed. Sends the same patch, since the outcome is unknown.
 * Throws `ERR_STORE` if it fails again. Returns `undefined` if there is none.
 */
export function retriedMigration(
  session: CodecSession,
  entries: Entries,
): Promise<void> | undefined {
  const found = waiting.get(entries)
  if (found?.patch === undefined) return undefined
  found.writing ??= writtenAgain(session, entries, found.patch).catch((error: unknown) => {
    delete found.writing
    throw error
  })
  return found.writing
}

async function writtenAgain(session: CodecSession, entries: Entries, patch: Patch): Promise<void> {
  const reply = await session.write(patch)
  const changes = waiting.get(entries)?.changes ?? []
  waiting.delete(entries)
  // After a conflict, another request has changed these keys, and migrated them if necessary.
  if (reply.ok) report(session, changes)
}

function changesBetween(before: Entries, after: Entries): Change[] {
  return Object.keys({ ...before, ...after })
    .filter((name) => before[name] !== after[name])
    .map((name) => [name, after[name] ?? null])
}

/**
 * Writes the changes of a migration, unless another request has changed the entries. Returns the migration if it waits
 * for the request's own write.
 */
async function written(
  session: CodecSession,
  entries: Entries,
  changes: readonly Change[],
): Promise<'written' | 'conflict' | 'refused' | Waiting> {
  if (changes.length === 0) return 'written'
  if (!session.isAtomic) return { changes }
  const expect = changes.map(([name]) => [name, entries[name] ?? null] as const)
  const patch = newPatch({ expect, ...changesOf(changes) })
  try {
    const reply = await session.write(patch)
    if (!reply.ok) return reply.why === 'conflict' ? 'conflict' : 'refused'
  } catch (error) {
    // A page that only reads does not need the write.
    if (error instanceof SessionError && UNWRITTEN.has(error.code)) return { changes, patch }
    throw error
  }
  report(session, changes)
  return 'written'
}

/** The errors of a store that could not write. */
const UNWRITTEN = new Set<SessionErrorCode>(['ERR_STORE', 'ERR_CONFLICT'])

function report(session: CodecSession, changes: readonly Change[]): void {
  session.report({ type: 'migrated', keys: changes.map(([name]) => keyOf(name)), id: session.id })
}

interface Migrated {
  /** The entries to store. */
  readonly texts: Entries
  /** The migrated values. */
  readonly made: Dictionary
  /** The keys that the schema still refuses. */
  readonly refused: readonly string[]
}

/** Returns the result of `migrate` for an older dictionary, or `undefined` if there is none or it may not be stored. */
async function migratedEntries(
  { codec, schema, migrate, session }: Check,
  entries: Entries,
  stored: Dictionary,
): Promise<Migrated | undefined> {
  if (migrate === undefined) return undefined
  try {
    // A copy, so that changes in place are detected.
    const result = await migrate({ ...stored })
    if (result === undefined) return undefined
    // Any other value, such as false, would become an empty dictionary.
    if (Object(result) !== result || Array.isArray(result)) throw new TypeError('no dictionary')
    const made = definedOnly(Object.entries(Object(result)))
    const { keys: refused } = faultsOf(schema, made)
    if (refused.some((key) => made[key] !== stored[key])) throw new TypeError('refused')
    const others = Object.entries(entries).filter(
      ([name]) => !name.startsWith(DATA) || !Object.hasOwn(stored, keyOf(name)),
    )
    const texts = Object.entries(made).map(([key, value]) => {
      const text = entries[DATA + key]
      const isKept =
        value === stored[key] && text !== undefined && isAsRead(codec, key, [value, text])
      return [DATA + key, isKept ? text : codec.encode(key, value)] as const
    })
    return { texts: Object.fromEntries([...others, ...texts]), made, refused }
  } catch {
    // The error is not reported, since it may contain stored values.
    session.report({ type: 'migration-failed', id: session.id })
    return undefined
  }
}

/** True if a value was not changed in place since it was read from the text. Freezing does not protect a Set. */
function isAsRead(
  codec: Check['codec'],
  key: string,
  [value, text]: readonly [value: unknown, text: string],
): boolean {
  if (codec.watch === undefined || typeof value !== 'object') return true
  return codec.encode(key, value) === codec.encode(key, codec.decode(text))
}

/** Returns the schema's faults, or all keys if the schema throws. Stored data must never fail a request. */
function faultsOrAll({ schema }: Check, stored: Dictionary): Faults {
  // An empty dictionary needs no migration.
  if (Object.keys(stored).length === 0) return { keys: [], isComplete: true }
  try {
    return faultsOf(schema, stored)
  } catch {
    return { keys: Object.keys(stored), isComplete: false }
  }
}

/** Returns the entries without refused keys and values that cannot be decoded. Reports the refused keys. */
function passing(
  { session }: Check,
  entries: Entries,
  values: Dictionary,
  refused: readonly string[],
): Entries {
  if (refused.length > 0) session.report({ type: 'invalid', keys: refused, id: session.id })
  const out = new Set(refused)
  const passes = (key: string): boolean => Object.hasOwn(values, key) && !out.has(key)
  return Object.fromEntries(
    Object.entries(entries).filter(([name]) => !name.startsWith(DATA) || passes(keyOf(name))),
  )
}

/** Returns the application's values. Omits and reports those that cannot be decoded. */
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
