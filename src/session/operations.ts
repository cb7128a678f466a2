import { newPatch, orThrow } from './changes.ts'
import type { Applied, Changes, Patch, Refusal } from './patch.ts'
import type { SessionPort } from './port.ts'

/** One request's awaited operations: those under way, and those whose outcome a store error has left unknown. */
export class Operations {
  readonly #port: Pick<SessionPort, 'write'>
  readonly #underWay = new Set<Promise<unknown>>()
  readonly #unsure = new Map<string, Patch[]>()

  constructor(port: Pick<SessionPort, 'write'>) {
    this.#port = port
  }

  /** Runs an operation that the response waits for even when the handler does not. */
  run<T>(operation: () => Promise<T>): Promise<T> {
    const running = operation()
    const forget = (): void => void this.#underWay.delete(running)
    this.#underWay.add(running)
    running.then(forget, forget)
    return running
  }

  /** Waits for all; rejects with the first error. `undefined` if there is nothing to wait for. */
  settled(): Promise<unknown> | undefined {
    return this.#underWay.size === 0 ? undefined : Promise.all(this.#underWay)
  }

  /** Has the store apply the changes of an operation. Repeated after a store error, it sends the same patch again. */
  apply(operation: string, changes: Changes): Promise<Applied> {
    return this.send(operation, this.unanswered(operation) ?? newPatch(changes)).then(orThrow)
  }

  /** The patch of this operation whose outcome a store error left unknown. */
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
