import { exportedClass, type Namespace } from './exported-namespace.ts'

/** The namespaces of Durable Objects that a Worker has: its bindings, whatever their names, and this class of its own. */
export function namespacesOf(env: object, className: string): readonly (Namespace | undefined)[] {
  const bindings: unknown[] = Object.values(env)
  return [...bindings.filter(isNamespace), exportedClass(className)]
}

/** The object with this id: an id is good in one namespace only. `undefined` where it is in none of these. */
export function objectById(
  namespaces: readonly (Namespace | undefined)[],
  id: string,
): object | undefined {
  for (const namespace of namespaces) {
    try {
      if (namespace) return namespace.get(namespace.idFromString(id))
    } catch {
      // The id is another namespace's.
    }
  }
  return undefined
}

function isNamespace(binding: unknown): binding is Namespace {
  return hasMethod(binding, 'idFromString')
}

/** Whether a binding is of a kind with this method. A binding to a service seems to have every method there is, itself. */
export function hasMethod(binding: unknown, method: string): boolean {
  if (typeof binding !== 'object' || binding === null) return false
  const kind: unknown = Object.getPrototypeOf(binding)
  return typeof kind === 'object' && kind !== null && method in kind
}
