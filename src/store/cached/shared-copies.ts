import { sha256 } from '../../codec/mac.ts'
import { isDictionary } from '../../record/meta.ts'
import type { Credential } from '../../record/store.ts'
import { checkNamespace, type SessionKvNamespace, ttlSeconds } from '../kv/namespace.ts'
import { withinTime } from '../within-time.ts'
import { type Asked, type Copy, isGood } from './freshness.ts'

/** A stored copy. It holds the secret's hash, so a dump of the namespace cannot be used to sign in. */
type Shared = Copy & { readonly hash: string }

const PREFIX = 'session-copy:'
/** An object has usually answered within this time. */
const TIME_LIMIT_MS = 1000

/**
 * Copies of sessions in Workers KV, for all isolates. No method throws. If a copy is stale, missing, damaged, late or
 * not written, the store is called once more.
 */
export class SharedCopies {
  readonly #namespace: SessionKvNamespace
  readonly #maxAge: number

  /** Throws `ERR_BINDING` without a namespace. */
  constructor(namespace: SessionKvNamespace, maxAge: number) {
    checkNamespace(namespace, 'cached')
    this.#namespace = namespace
    this.#maxAge = maxAge
  }

  /** Returns the copy that may answer for this token, or `undefined`. */
  async find(
    { handle, secret, bookmark }: Credential,
    { now, touch }: Pick<Asked, 'now' | 'touch'>,
  ): Promise<Copy | undefined> {
    try {
      const getting = this.#namespace.get(PREFIX + handle, { type: 'text' })
      const text = await withinTime(TIME_LIMIT_MS, getting)
      const copy: unknown = text === null ? undefined : JSON.parse(text)
      const asked = { now, touch, maxAge: this.#maxAge }
      if (!isShared(copy) || !isGood(copy, bookmark, asked)) return undefined
      return copy.hash === (await sha256(secret)) ? copy : undefined
    } catch {
      return undefined
    }
  }

  async put({ handle, secret }: Credential, copy: Copy): Promise<void> {
    const { at, usedAt, revision, account, entries } = copy
    const hash = await sha256(secret)
    const text = JSON.stringify({ hash, at, usedAt, revision, account, entries })
    const expirationTtl = ttlSeconds(this.#maxAge)
    await this.#try(() => this.#namespace.put(PREFIX + handle, text, { expirationTtl }))
  }

  async delete(handle: string): Promise<void> {
    await this.#try(() => this.#namespace.delete(PREFIX + handle))
  }

  async #try(call: () => Promise<void>): Promise<void> {
    try {
      await withinTime(TIME_LIMIT_MS, call())
    } catch {
      // KV accepts one write a second for a key. The previous copy does no harm.
    }
  }
}

function isShared(value: unknown): value is Shared {
  if (!isDictionary(value)) return false
  const { at, usedAt, revision, hash, entries } = value
  return (
    [at, usedAt, revision].every(Number.isFinite) &&
    typeof hash === 'string' &&
    isDictionary(entries) &&
    Object.values(entries).every((text) => typeof text === 'string')
  )
}
