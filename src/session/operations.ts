import { newPatch, orThrow } from './changes.ts'
import type { Applied, Changes, Patch, Refusal } from './patch.ts'
import type { SessionPort } from './port.ts'

/** The awaited operations of one request: the pending ones, and those with an unknown outcome after a store error. */
export class Operations {
  readonly #port: Pick<SessionPort, 'write'>
  readonly #underWay = new Set<Promise<unknown>>()
  readonly #unsure = new Map<string, Patch[]>()

  constructor(port: Pick<SessionPort, 'write'>) {
    this.#port = port
  }

  /** Runs an operation. The response waits for it even if the handler does not. */
  run<T>(operation: () => Promise<T>): Promise<T> {
    const running = operation()
    const forget = (): void => void this.#underWay.delete(running)
    this.#underWay.add(running)
    running.then(forget, forget)
    return running
  }

  /** Waits for all pending operations. Rejects with the first error. Returns `undefined` if there are none. */
  settled(): Promise<unknown> | undefined {
    return this.#underWay.size === 0 ? undefined : Promise.all(this.#underWay)
  }

  /** Applies the changes of an operation in the store. Repeated after a store error, it sends the same patch again. */
  apply(operation: string, changes: Changes): Promise<Applied> {
    return this.send(operation, this.unanswered(operation) ?? newPatch(changes)).then(orThrow)
  }

  /** Returns the patch of this operation whose outcome is unknown after a store error, and forgets it. */
  unanswered(operation: string): Patch | undefined {
    return this.#unsure.get(operation)?.pop()
  }

  send(operation: string, patch: Patch): Promise<Applied | Refusal> {
    return this.#port.write(patch).catch((error: unknown) => {
      this.#unsure.set(operation, [...(this.#unsure.get(operation) ?? []), patch])
      throw error
    })
  }
}
