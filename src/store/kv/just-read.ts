import type { CallContext } from '../../record/store.ts'
import type { SessionKvNamespace } from './namespace.ts'

/** Keys whose last change is remembered. Past it, everything read before counts as changed. */
const MAX_CHANGED = 1000

/** The changes that this isolate makes in one namespace. */
export class Changes {
  /** The number of changes that have ended. */
  #count = 0
  /** What was read before this many changes is not known any more. */
  #forgotten = 0
  readonly #underWay = new Map<string, number>()
  readonly #ended = new Map<string, number>()

  get count(): number {
    return this.#count
  }

  /** Makes a change of a key. */
  async make(key: string, change: () => Promise<void>): Promise<void> {
    this.#underWay.set(key, (this.#underWay.get(key) ?? 0) + 1)
    try {
      await change()
    } finally {
      this.#end(key)
    }
  }

  /** True if this isolate has not changed the key since the count, and is not changing it now. */
  isUnchanged(key: string, since: number): boolean {
    const ended = this.#ended.get(key) ?? 0
    return since >= this.#forgotten && ended <= since && !this.#underWay.has(key)
  }

  #end(key: string): void {
    const left = (this.#underWay.get(key) ?? 1) - 1
    if (left === 0) this.#underWay.delete(key)
    else this.#underWay.set(key, left)
    this.#count += 1
    if (this.#ended.size >= MAX_CHANGED) {
      this.#ended.clear()
      this.#forgotten = this.#count
    }
    this.#ended.set(key, this.#count)
  }
}

const changes = new WeakMap<SessionKvNamespace, Changes>()

/** Returns the changes in a namespace, the same ones for every store over it. */
export function changesIn(namespace: SessionKvNamespace): Changes {
  const known = changes.get(namespace) ?? new Changes()
  changes.set(namespace, known)
  return known
}

/** A value that a request has read. */
interface JustRead {
  readonly key: string
  readonly text: string
  /** When the answer came, and how many changes had ended when it was asked for. */
  readonly at: number
  readonly since: number
}

/** The last value that each request has read, by the function that only its calls have. It goes with the request. */
const reads = new WeakMap<object, JustRead>()

/**
 * Returns the text that this request has just read under a key, once: if the clock has not moved since, so that the request
 * has waited for nothing, and this isolate has not changed the key. `undefined` in any other case.
 */
export function justRead(
  namespace: SessionKvNamespace,
  key: string,
  { defer }: CallContext,
): string | undefined {
  const read = defer && reads.get(defer)
  if (defer === undefined || read?.key !== key) return undefined
  reads.delete(defer)
  const isNow = Date.now() === read.at && changesIn(namespace).isUnchanged(key, read.since)
  return isNow ? read.text : undefined
}

/** Notes the text that a request has read under a key. */
export function noteRead({ defer }: CallContext, read: Omit<JustRead, 'at'>): void {
  if (defer !== undefined) reads.set(defer, { ...read, at: Date.now() })
}
