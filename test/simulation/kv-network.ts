import type { SessionKvNamespace } from '../../src/store/kv.ts'
import type { Faults } from './faults.ts'
import type { VirtualTime } from './virtual-time.ts'

/** Returns a KV namespace over a network on which a call may be lost, or its answer lost or late. */
export function kvOverNetwork(
  kv: SessionKvNamespace,
  { time, faults }: { readonly time: VirtualTime; readonly faults: Faults },
): SessionKvNamespace {
  async function sent<T>(call: () => Promise<T>): Promise<T> {
    const fate = faults.fateOfCall()
    await time.wait(faults.latency())
    if (fate === 'lost request') throw new Error('Network connection lost.')
    const result = await call()
    await time.wait(fate === 'late reply' ? faults.lateness() : faults.latency())
    if (fate === 'lost reply') throw new Error('Network connection lost.')
    return result
  }
  const namespace: SessionKvNamespace & { readonly getWithMetadata: () => undefined } = {
    get: async (key, options) => sent(async () => kv.get(key, options)),
    put: async (key, value, options) => sent(async () => kv.put(key, value, options)),
    delete: async (key) => sent(async () => kv.delete(key)),
    // By this method the library tells a KV namespace from other bindings.
    getWithMetadata: () => undefined,
  }
  return namespace
}
