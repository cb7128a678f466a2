import type { Table } from './addition.ts'
import { listAt } from './config-lists.ts'
import type { ObjectClass } from './object-class.ts'
import { SECRET_NAME } from './secret.ts'

const BINDINGS = ['durable_objects', 'bindings'] as const

/**
 * Returns the name of the class's binding, if there are several one without `script_name`, or `undefined` if there is
 * none.
 */
export function presentBinding(config: Table, className: ObjectClass): string | undefined {
  const bound = listAt(config, BINDINGS).filter((each) => each['class_name'] === className)
  const own = bound.find((each) => each['script_name'] === undefined)
  const name = (own ?? bound[0])?.['name']
  return typeof name === 'string' ? name : undefined
}

/** Returns the binding's `script_name`, the Worker that has the objects, or `undefined` if it is this Worker. */
export function ownerOf(
  config: Table,
  scope: readonly string[],
  binding: string,
): string | undefined {
  const bound = listAt(config, [...scope, ...BINDINGS]).find((each) => each['name'] === binding)
  const owner = bound?.['script_name']
  return typeof owner === 'string' ? owner : undefined
}

/** Returns the notice for a class that another Worker exports. */
export function sharedNotice(binding: string, owner: string, className: ObjectClass): string {
  return `${binding} is for the objects of the Worker ${JSON.stringify(owner)}, which exports and declares ${className}. For the same sessions, give both Workers the same ${SECRET_NAME} and the same cookie.`
}
