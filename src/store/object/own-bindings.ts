import { isNamespace, type ObjectsById } from './bound-objects.ts'
import { exportedClass } from './exported-namespace.ts'

/** Returns the Worker's Durable Object namespaces: its bindings, under any name, and its own exported class. */
export function namespacesOf(env: object, className: string): readonly (ObjectsById | undefined)[] {
  const bindings: unknown[] = Object.values(env)
  return [...bindings.filter(isNamespace), exportedClass(className)]
}
