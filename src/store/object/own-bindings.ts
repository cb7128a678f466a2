import { exportedClass, type Namespace } from './exported-namespace.ts'

/** Returns the Worker's Durable Object namespaces: its bindings, under any name, and its own exported class. */
export function namespacesOf(env: object, className: string): readonly (Namespace | undefined)[] {
  const bindings: unknown[] = Object.values(env)
  return [...bindings.filter(isNamespace), exportedClass(className)]
}

/** Returns the object with this id, or `undefined` if no namespace has it. An id is valid in one namespace only. */
export function objectById(
  namespaces: readonly (Namespace | undefined)[],
  id: string,
): object | undefined {
  for (const namespace of namespaces) {
    try {
      if (namespace) return namespace.get(namespace.idFromString(id))
    } catch {
      // The id belongs to another namespace.
    }
  }
  return undefined
}

function isNamespace(binding: unknown): binding is Namespace {
  return hasMethod(binding, 'idFromString')
}

/** True if a binding is of a kind with this method. A service binding appears to have every method as its own. */
export function hasMethod(binding: unknown, method: string): boolean {
  if (typeof binding !== 'object' || binding === null) return false
  const kind: unknown = Object.getPrototypeOf(binding)
  return typeof kind === 'object' && kind !== null && method in kind
}
