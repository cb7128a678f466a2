import type { SessionObject } from '../../src/store/object/session-object.ts'

type Namespace = DurableObjectNamespace<SessionObject>

/** A binding that does what the given one does, and notes each object that is asked for: each call of one, that is. */
export function countingNamespace(real: Namespace): { namespace: Namespace; calls: string[] } {
  const calls: string[] = []
  const namespace = new Proxy(real, {
    get: (target, name) => {
      const member: unknown = Reflect.get(target, name, target)
      if (typeof member !== 'function') return member
      return (...parameters: unknown[]): unknown => {
        if (name === 'get') calls.push(String(parameters[0]))
        return Reflect.apply(member, target, parameters)
      }
    },
  })
  return { namespace, calls }
}
