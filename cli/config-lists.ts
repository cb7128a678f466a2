import { isTable, type Table, valueAt } from './addition.ts'
import { CliError } from './cli-error.ts'

/** Returns the names of a configuration's environments. */
export function environmentsOf(config: Table): string[] {
  return isTable(config['env']) ? Object.keys(config['env']) : []
}

/** Returns the root and every environment, as prefixes of paths. */
export function scopesOf(config: Table): string[][] {
  return [[], ...environmentsOf(config).map((name) => ['env', name])]
}

/** Returns the list of tables at a path, empty if there is none. Throws `CliError` for anything else. */
export function listAt(config: Table, path: readonly string[]): Table[] {
  const value = valueAt(config, path)
  if (value === undefined) return []
  if (Array.isArray(value) && value.every(isTable)) return value
  throw new CliError(`${path.join('.')} is not a list of tables. Fix that first.`)
}
