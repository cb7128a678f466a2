import { isNamespace } from './bound-objects.ts'
import { exportedClass, type Namespace } from './exported-namespace.ts'

/** Returns the Worker's Durable Object namespaces: its bindings, under any name, and its own exported class. */
export function namespacesOf(env: object, className: string): readonly (Namespace | undefined)[] {
  const bindings: unknown[] = Object.values(env)
  return [...bindings.filter(isNamespace<Namespace>), exportedClass(className)]
}
