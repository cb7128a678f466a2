import { type Addition, isTable, type Table, valueAt } from './addition.ts'
import { CliError } from './cli-error.ts'
import type { ObjectClass } from './object-class.ts'

/** The state of a class of objects according to the configuration. */
type Standing = 'absent' | 'sqlite' | 'key-value' | 'deleted' | 'renamed' | 'transferred'

/** Returns the additions that declare the classes at this path of the configuration: the root, or an environment. */
export function classAdditions(
  config: Table,
  scope: readonly string[],
  classes: readonly ObjectClass[],
): Addition[] {
  const own = isTable(valueAt(config, scope)) ? (valueAt(config, scope) as Table) : {}
  const root = scope.length === 0
  const exported = own['exports'] ?? (root ? undefined : config['exports'])
  if (hasObjects(exported)) {
    // An environment without its own migrations uses those of the root.
    if (!root && own['exports'] === undefined) return []
    return entryAdditions(exported, scope, classes)
  }
  if (!root && own['migrations'] === undefined) return []
  return migrationAdditions(migrationsOf(own['migrations']), scope, classes)
}

/** Cloudflare: the declarative `exports`. A configuration has either these objects or migrations. */
function hasObjects(exported: unknown): exported is Table {
  const entries = isTable(exported) ? Object.values(exported) : []
  return entries.some((entry) => valueAt(entry, ['type']) === 'durable-object')
}

function entryAdditions(
  exported: Table,
  scope: readonly string[],
  classes: readonly ObjectClass[],
): Addition[] {
  const missing = classes.filter((name) => {
    if (!Object.hasOwn(exported, name)) return true
    const { type, storage, state = 'created' } = exported[name] as Table
    if (type === 'durable-object' && storage === 'sqlite' && state === 'created') return false
    throw new CliError(
      `exports.${name} is not a SQLite-backed Durable Object of this Worker. edge-session needs type = "durable-object", storage = "sqlite".`,
    )
  })
  return missing.map((name) => ({
    kind: 'entry',
    path: [...scope, 'exports', name],
    value: { type: 'durable-object', storage: 'sqlite' },
  }))
}

function migrationAdditions(
  migrations: readonly Table[],
  scope: readonly string[],
  classes: readonly ObjectClass[],
): Addition[] {
  const missing = classes.filter((name) => {
    const { standing, tag } = standingOf(migrations, name)
    if (standing === 'absent') return true
    if (standing === 'sqlite') return false
    throw new CliError(`Migration ${JSON.stringify(tag)}: ${FAULTS[standing](name)}`)
  })
  if (missing.length === 0) return []
  const value = { tag: newTag(migrations), new_sqlite_classes: missing }
  return [{ kind: 'item', path: [...scope, 'migrations'], value }]
}

const FAULTS: Record<Exclude<Standing, 'absent' | 'sqlite'>, (name: string) => string> = {
  'key-value': (name) =>
    `${name} is in new_classes, without SQLite, which cannot be changed once it is deployed. If it was never deployed, use new_sqlite_classes. Otherwise delete or rename that class first.`,
  deleted: (name) =>
    `${name} is in deleted_classes. To create it again, add a migration with new_sqlite_classes = ["${name}"] yourself. Its previous objects are gone.`,
  renamed: (name) =>
    `${name} was renamed. To create it again, add a migration with new_sqlite_classes = ["${name}"] yourself.`,
  transferred: (name) =>
    `${name} was transferred from another Worker, so it is unknown if it uses SQLite. Check that, and add the binding yourself.`,
}

/** Returns the state of the class after all migrations, in the order in which wrangler reads them. */
function standingOf(
  migrations: readonly Table[],
  name: string,
): { standing: Standing; tag: unknown } {
  const standings = new Map<string, { standing: Standing; tag: unknown }>()
  for (const migration of migrations) {
    const { tag } = migration
    for (const each of textsOf(migration['deleted_classes'])) {
      standings.set(each, { standing: 'deleted', tag })
    }
    for (const { from, to } of tablesOf(migration['renamed_classes'])) {
      const { standing } = standings.get(String(from)) ?? { standing: 'key-value' }
      standings.set(String(from), { standing: 'renamed', tag })
      standings.set(String(to), { standing, tag })
    }
    for (const { to } of tablesOf(migration['transferred_classes'])) {
      standings.set(String(to), { standing: 'transferred', tag })
    }
    for (const each of textsOf(migration['new_classes'])) {
      standings.set(each, { standing: 'key-value', tag })
    }
    for (const each of textsOf(migration['new_sqlite_classes'])) {
      standings.set(each, { standing: 'sqlite', tag })
    }
  }
  return standings.get(name) ?? { standing: 'absent', tag: undefined }
}

function migrationsOf(value: unknown): Table[] {
  if (value === undefined) return []
  if (Array.isArray(value) && value.every(isTable)) return value
  throw new CliError('migrations is not a list of tables. Fix that first.')
}

function textsOf(value: unknown): string[] {
  return Array.isArray(value) ? value.filter((each) => typeof each === 'string') : []
}

function tablesOf(value: unknown): Table[] {
  return Array.isArray(value) ? value.filter(isTable) : []
}

/** Returns an unused tag: the next number if the last tag ends in one, such as v1, v2. */
function newTag(migrations: readonly Table[]): string {
  const tags = migrations.map(({ tag }) => tag)
  const last = tags.at(-1)
  const [, prefix, digits] =
    /^([a-z_-]*)(\d{1,9})$/i.exec(typeof last === 'string' ? last : 'v0') ?? []
  const isNumbered = prefix !== undefined && digits !== undefined
  for (let step = 1; ; step += 1) {
    const tag = isNumbered
      ? prefix + String(Number(digits) + step).padStart(digits.length, '0')
      : `edge-session-${step}`
    if (!tags.includes(tag)) return tag
  }
}
