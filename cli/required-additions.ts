import { type Addition, isTable, type Table, valueAt } from './addition.ts'
import { classAdditions } from './class-history.ts'
import { CliError } from './cli-error.ts'
import { environmentsOf, listAt } from './config-lists.ts'
import { configNotices } from './config-notices.ts'
import { OBJECT_CLASSES, type ObjectClass } from './object-class.ts'
import { SECRET_NAME } from './secret.ts'
import { ownerOf, presentBinding, sharedNotice } from './shared-objects.ts'
import { bindingName, classesFor, type Wishes } from './wishes.ts'

/** The missing parts of a configuration, and notices about it. */
export interface Required {
  readonly additions: readonly Addition[]
  readonly notices: readonly string[]
  /** The sessions' binding: the chosen one, the existing one, or the usual one. */
  readonly binding: string
  /** The classes that this Worker must export. */
  readonly classes: readonly ObjectClass[]
  /** True if another Worker has the sessions' objects. */
  readonly isShared: boolean
}

/** Determines what the configuration lacks. Throws `CliError` if it contradicts that. */
export function requiredAdditions(config: Table, wishes: Wishes): Required {
  checkEnvironments(config, wishes.environments)
  const classes = classesFor(wishes)
  const present = wishes.store === 'kv' ? undefined : presentBinding(config, 'SessionObject')
  const binding = wishes.binding ?? present ?? bindingName(wishes)
  const bindingOf = (name: ObjectClass): string =>
    name === 'SessionObject' ? binding : OBJECT_CLASSES[name].binding
  const owner = (scope: readonly string[], name: ObjectClass): string | undefined =>
    ownerOf(config, scope, bindingOf(name))
  const scopes = [[], ...wishes.environments.map((name) => ['env', name])]
  const additions = scopes.flatMap((scope) => [
    ...(wishes.store === 'kv' ? kvAddition(config, scope, binding) : []),
    ...classes.flatMap((name) => objectAddition(config, scope, bindingOf(name), name)),
    ...classAdditions(
      config,
      scope,
      classes.filter((name) => owner(scope, name) === undefined),
    ),
    ...secretAddition(config, scope),
  ])
  const shared = classes.flatMap((name) => {
    const other = owner([], name)
    return other === undefined ? [] : [sharedNotice(bindingOf(name), other, name)]
  })
  return {
    additions,
    notices: [...configNotices(config, wishes, binding), ...shared],
    binding,
    classes: classes.filter((name) => scopes.some((scope) => owner(scope, name) === undefined)),
    isShared: wishes.store === 'durable-object' && owner([], 'SessionObject') !== undefined,
  }
}

function objectAddition(
  config: Table,
  scope: readonly string[],
  name: string,
  className: ObjectClass,
): Addition[] {
  const path = [...scope, 'durable_objects', 'bindings']
  const present = listAt(config, path).find((each) => each['name'] === name)
  const place = scope.length === 0 ? '' : ` in ${scope.join('.')}`
  if (present === undefined) {
    checkFree(config, scope, name)
    return [{ kind: 'item', path, value: { name, class_name: className } }]
  }
  if (present['class_name'] === className) return []
  throw new CliError(
    `The binding ${name}${place} is taken: it is for the class ${JSON.stringify(present['class_name'])}.${anotherName(className)}`,
  )
}

function anotherName(className: ObjectClass): string {
  return className === 'SessionObject' ? ' Choose another name: --binding NAME' : ''
}

function kvAddition(config: Table, scope: readonly string[], binding: string): Addition[] {
  const path = [...scope, 'kv_namespaces']
  if (listAt(config, path).some((each) => each['binding'] === binding)) return []
  checkFree(config, scope, binding)
  return [{ kind: 'item', path, value: { binding } }]
}

/** A Worker that lists its secrets gets no others. */
function secretAddition(config: Table, scope: readonly string[]): Addition[] {
  const path = [...scope, 'secrets', 'required']
  const list = valueAt(config, path)
  if (!Array.isArray(list) || list.includes(SECRET_NAME)) return []
  return [{ kind: 'item', path, value: SECRET_NAME }]
}

/** Throws if another kind of binding, or a variable, has the name. */
function checkFree(config: Table, scope: readonly string[], name: string): void {
  const { env: _, ...own } = isTable(valueAt(config, scope))
    ? (valueAt(config, scope) as Table)
    : {}
  const holder = Object.entries(own).find(
    ([key, value]) =>
      (key === 'vars' && isTable(value) && Object.hasOwn(value, name)) || isBoundIn(value, name),
  )
  if (holder === undefined) return
  throw new CliError(
    `${[...scope, holder[0]].join('.')} already has ${name}. Choose another name: --binding NAME`,
  )
}

function isBoundIn(value: unknown, name: string): boolean {
  if (Array.isArray(value)) return value.some((each) => isBoundIn(each, name))
  if (!isTable(value)) return false
  if (value['binding'] === name) return true
  return Object.values(value).some((each) => isBoundIn(each, name))
}

function checkEnvironments(config: Table, wanted: readonly string[]): void {
  const known = environmentsOf(config)
  const unknown = wanted.find((name) => !known.includes(name))
  if (unknown === undefined) return
  const list = known.length === 0 ? 'There are none.' : `There are: ${known.join(', ')}.`
  throw new CliError(`There is no environment ${JSON.stringify(unknown)}. ${list}`, { exitCode: 2 })
}
