import { newPatch, orThrow } from './changes.ts'
import { type Applied, type Changes, DATA, type Patch, type Refusal } from './patch.ts'
import type { SessionPort } from './port.ts'

/** An operation on an entry that was sent to the store. */
export interface Sent {
  /** Two operations of the same kind on the same entry are the same operation. */
  readonly kind: unknown
  readonly patch: Patch
  /** The entry's text that this request had written before, or `undefined` if it had written none. */
  readonly before: string | null | undefined
}

/** The awaited operations of one request: the pending ones, and those with an unknown outcome after a store error. */
export class Operations {
  readonly #port: Pick<SessionPort, 'write'>
  readonly #underWay = new Set<Promise<unknown>>()
  /** The operations with an unknown outcome, by entry name. */
  readonly #unsure = new Map<string, Sent[]>()

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

  /**
   * Applies an operation's changes in the store. If repeated after a store error, sends the same patch again. Returns
   * the outcome, and the first try if this is a repetition.
   */
  apply(
    name: string,
    { kind, before }: Omit<Sent, 'patch'>,
    changes: Changes,
  ): Promise<Applied & { readonly repeated: Sent | undefined }> {
    const repeated = this.unanswered(name, (sent) => sent.kind === kind)
    return this.send(name, repeated ?? { kind, before, patch: newPatch(changes) }).then(
      (reply) => ({ ...orThrow(reply), repeated }),
    )
  }

  /** Returns the last matching operation on an entry whose outcome is unknown after a store error. */
  unsure(name: string, isSame: (sent: Sent) => boolean): Sent | undefined {
    return this.#unsure.get(name)?.findLast(isSame)
  }

  /** Does the same as `unsure`, and forgets the operation. */
  unanswered(name: string, isSame: (sent: Sent) => boolean): Sent | undefined {
    const found = this.unsure(name, isSame)
    if (found !== undefined) {
      this.#unsure.set(name, this.#unsure.get(name)?.filter((sent) => sent !== found) ?? [])
    }
    return found
  }

  send(name: string, sent: Sent): Promise<Applied | Refusal> {
    return this.#port.write(sent.patch).catch((error: unknown) => {
      this.#unsure.set(name, [...(this.#unsure.get(name) ?? []), sent])
      throw error
    })
  }

  /** Forgets the operations on an entry whose value was replaced, by default on all of the application's keys. */
  forget(replaced?: string): void {
    if (replaced !== undefined) this.#unsure.delete(replaced)
    else
      for (const name of this.#unsure.keys()) if (name.startsWith(DATA)) this.#unsure.delete(name)
  }
}
