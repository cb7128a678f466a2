/** The part of a `DurableObjectNamespace` that finds an object by its id. */
export interface ObjectsById {
  idFromString(id: string): { toString(): string }
  get(id: { toString(): string }): object
}

/** Returns the object with this id, or `undefined` if no namespace has it. An id is valid in one namespace only. */
export function objectById(
  namespaces: readonly (ObjectsById | undefined)[],
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

/** True if a binding is a Durable Object namespace. */
export function isNamespace(binding: unknown): binding is ObjectsById {
  return hasMethod(binding, 'idFromString')
}

/**
 * True if a binding is of a kind that has this method. A service binding appears to have every method as its own
 * property.
 */
export function hasMethod(binding: unknown, method: string): boolean {
  if (typeof binding !== 'object' || binding === null) return false
  const kind: unknown = Object.getPrototypeOf(binding)
  return typeof kind === 'object' && kind !== null && method in kind
}
