import type { CallContext } from '../../record/store.ts'
import type { SessionKvNamespace } from './namespace.ts'

/** The number of keys whose last change is remembered. Beyond it, everything read earlier counts as changed. */
const MAX_CHANGED = 1000

/**
 * A request counts as not having waited if the clock has moved by less than this, in milliseconds. In production the
 * clock stands still between I/O; in `wrangler dev` it does not.
 */
const AT_ONCE = 25

/** The changes of one key: how many are running, and how many of the namespace had ended when the last one did. */
interface Changed {
  underWay: number
  at: number
}

/** The changes that this isolate makes in one namespace. */
export class Changes {
  /** The number of changes that have ended. */
  count = 0
  /** The number of changes that may belong to keys no longer listed. */
  #forgotten = 0
  readonly #keys = new Map<string, Changed>()

  /** Makes a change of a key. */
  async make(key: string, change: () => Promise<void>): Promise<void> {
    const changed = this.#keys.get(key) ?? { underWay: 0, at: 0 }
    this.#keys.set(key, changed)
    changed.underWay += 1
    try {
      await change()
    } finally {
      changed.underWay -= 1
      this.count += 1
      changed.at = this.count
      if (this.#keys.size > MAX_CHANGED) this.#forget()
    }
  }

  /** True if this isolate has not changed the key since the count, and is not changing it now. */
  isUnchanged(key: string, since: number): boolean {
    const { underWay, at } = this.#keys.get(key) ?? { underWay: 0, at: this.#forgotten }
    return underWay === 0 && at <= since
  }

  #forget(): void {
    this.#forgotten = this.count
    for (const [key, { underWay }] of this.#keys) if (underWay === 0) this.#keys.delete(key)
  }
}

const known = new WeakMap<SessionKvNamespace, Changes>()

/** Returns the changes in a namespace, the same object for every store over it. */
export function changesIn(namespace: SessionKvNamespace): Changes {
  const changes = known.get(namespace) ?? new Changes()
  known.set(namespace, changes)
  return changes
}

/** A value that a request has read. */
interface JustRead {
  readonly key: string
  readonly text: string
  /** When the answer came, and how many changes had ended when the read began. */
  readonly at: number
  readonly since: number
}

/**
 * The last value that each request has read, by a function that is unique to the request. It is freed with the request.
 */
const reads = new WeakMap<object, JustRead>()

/**
 * Returns the text that this request has just read under a key, once. Returns `undefined` if the clock has moved since,
 * which means that the request has waited, or if this isolate has changed the key.
 */
export function justRead(
  changes: Changes,
  key: string,
  { defer }: CallContext,
): string | undefined {
  const read = defer && reads.get(defer)
  if (defer === undefined || read?.key !== key) return undefined
  reads.delete(defer)
  const passed = Date.now() - read.at
  const isNow = passed >= 0 && passed < AT_ONCE
  return isNow && changes.isUnchanged(key, read.since) ? read.text : undefined
}

/** Notes the text that a request has read under a key. */
export function noteRead({ defer }: CallContext, read: Omit<JustRead, 'at'>): void {
  if (defer !== undefined) reads.set(defer, { ...read, at: Date.now() })
}
