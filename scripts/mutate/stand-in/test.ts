import { hostedOf, type Id, type Namespace } from './objects.ts'

type Run = Parameters<ReturnType<typeof hostedOf>['run']>[0]

export async function evictDurableObject(stub: object): Promise<void> {
  hostedOf(stub).evict()
}

export async function runInDurableObject(stub: object, run: Run): Promise<unknown> {
  return hostedOf(stub).run(run)
}

export async function runDurableObjectAlarm(stub: object): Promise<boolean> {
  return hostedOf(stub).ring()
}

export async function listDurableObjectIds({ objects }: Namespace): Promise<Id[]> {
  return [...objects.values()].filter(({ storage }) => !storage.isEmpty).map(({ id }) => id)
}

/** Returns a context whose promises nobody waits for. */
export function createExecutionContext(): object {
  return { waitUntil: () => undefined, passThroughOnException: () => undefined }
}
