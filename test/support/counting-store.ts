import type { SessionStore } from '../../src/index.ts'

const METHODS = ['create', 'read', 'write', 'regenerate', 'destroy'] as const

/** A store that does what the given one does, and notes the name of each call. */
export function countingStore(store: SessionStore): { store: SessionStore; calls: string[] } {
  const calls: string[] = []
  const counted: { -readonly [K in keyof SessionStore]: SessionStore[K] } = { ...store }
  for (const method of METHODS) {
    Object.assign(counted, {
      [method]: (...parameters: never[]) => {
        calls.push(method)
        return Reflect.apply(store[method], store, parameters)
      },
    })
  }
  const { part } = store
  if (part !== undefined) {
    counted.part = (credential, context, call) => {
      calls.push(call.method)
      return part(credential, context, call)
    }
  }
  return { store: counted, calls }
}
