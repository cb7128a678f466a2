import { exports } from 'cloudflare:workers'

import { SessionError } from '../../errors.ts'

interface Id {
  toString(): string
}

/** The used part of a `DurableObjectNamespace`. */
export interface Namespace {
  newUniqueId(): Id
  idFromName(name: string): Id
  idFromString(id: string): Id
  get(id: Id): object
}

/**
 * Returns the namespace of a class that the Worker exports, without a binding (Cloudflare: from compatibility date
 * 2025-11-17). Throws `ERR_BINDING` without such an export. `binding` is for the message.
 */
export function exportedNamespace(className: string, binding: string): Namespace {
  const exported = exportedClass(className)
  if (exported !== undefined) return exported
  throw new SessionError(
    'ERR_BINDING',
    `There is no Durable Object namespace. Export ${className} from the Worker, and declare it in wrangler.toml: a binding (name = "${binding}", class_name = "${className}") and a migration (new_sqlite_classes = ["${className}"]).`,
  )
}

/** True while the Worker's modules are evaluated. Its exports are not available yet. */
export function isModuleScope(): boolean {
  return Object.keys(exports).length === 0
}

/** Returns the namespace of an exported class, or `undefined` if there is none. */
export function exportedClass(className: string): Namespace | undefined {
  const { [className]: exported } = exports as Record<string, Partial<Namespace> | undefined>
  return exported?.idFromString === undefined ? undefined : (exported as Namespace)
}
