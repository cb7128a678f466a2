import type { UserIndex } from '../../src/accounts.ts'

/** Returns the same index, and the names of its calls, in order. Calls of the methods in `failing` fail. */
export function recordedIndex(
  index: UserIndex,
  failing: ReadonlySet<string> = new Set(),
): { readonly index: UserIndex; readonly calls: string[] } {
  const calls: string[] = []
  const recorded = new Proxy(index, {
    get(target, name) {
      const method: unknown = Reflect.get(target, name)
      if (typeof method !== 'function') return method
      return async (...parameters: unknown[]): Promise<unknown> => {
        calls.push(String(name))
        if (failing.has(String(name))) throw new Error('down')
        return Reflect.apply(method, target, parameters)
      }
    },
  })
  return { index: recorded, calls }
}
