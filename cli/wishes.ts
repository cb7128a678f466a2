import { OBJECT_CLASSES, type ObjectClass } from './object-class.ts'

/** What the user wants for a Worker. */
export interface Wishes {
  readonly store: 'durable-object' | 'kv'
  readonly users: boolean
  /** The name of the sessions' binding, if it was chosen. */
  readonly binding: string | undefined
  /** The named environments that also get the bindings. */
  readonly environments: readonly string[]
}

/** Returns the Durable Object classes that these need. */
export function classesFor({ store, users }: Wishes): ObjectClass[] {
  return [
    ...(store === 'durable-object' ? (['SessionObject'] as const) : []),
    ...(users ? (['UserObject'] as const) : []),
  ]
}

/** Returns the name of the sessions' binding: the chosen one, or the usual one. */
export function bindingName({ binding, store }: Wishes): string {
  return binding ?? (store === 'kv' ? 'SESSION_KV' : OBJECT_CLASSES.SessionObject.binding)
}
