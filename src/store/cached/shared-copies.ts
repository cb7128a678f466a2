import { sha256 } from '../../codec/mac.ts'
import type { Token } from '../../codec/token.ts'
import type { Credential } from '../../record/store.ts'
import { checkNamespace, MIN_TTL_SECONDS, type SessionKvNamespace } from '../kv/namespace.ts'
import { withinTime } from '../within-time.ts'
import { type Asked, type Copy, isGood } from './copies.ts'

/** A copy at rest: with the hash of the secret, so that a dump of the namespace logs nobody in. */
type Shared = Copy & { readonly hash: string }

const PREFIX = 'session-copy:'
/** An object has answered sooner, mostly. */
const TIME_LIMIT_MS = 1000

/**
 * Copies of sessions in Workers KV, for all isolates. Nothing here throws: a copy that is stale, missing, damaged, late,
 * or refused to be written, is a call of the store more.
 */
export class SharedCopies {
  readonly #namespace: SessionKvNamespace

  /** Throws `ERR_BINDING` without a namespace. */
  constructor(namespace: SessionKvNamespace) {
    checkNamespace(namespace, 'readCache.kv')
    this.#namespace = namespace
  }

  /** The copy that may answer for this token, or `undefined`. */
  async find(token: Token, asked: Asked): Promise<Copy | undefined> {
    try {
      const getting = this.#namespace.get(PREFIX + token.handle, { type: 'text' })
      const text = await withinTime(TIME_LIMIT_MS, getting)
      const copy: unknown = text === null ? undefined : JSON.parse(text)
      if (!isShared(copy) || !isGood(copy, token, asked)) return undefined
      return copy.hash === (await sha256(token.secret)) ? copy : undefined
    } catch {
      return undefined
    }
  }

  async put({ handle, secret }: Credential, copy: Copy, maxAge: number): Promise<void> {
    const { at, usedAt, revision, account, entries } = copy
    const hash = await sha256(secret)
    const text = JSON.stringify({ hash, at, usedAt, revision, account, entries })
    const expirationTtl = Math.max(MIN_TTL_SECONDS, Math.ceil(maxAge / 1000))
    await this.#try(() => this.#namespace.put(PREFIX + handle, text, { expirationTtl }))
  }

  async delete(handle: string): Promise<void> {
    await this.#try(() => this.#namespace.delete(PREFIX + handle))
  }

  async #try(call: () => Promise<void>): Promise<void> {
    try {
      await withinTime(TIME_LIMIT_MS, call())
    } catch {
      // KV takes one write a second for a key; the copy of before is no harm.
    }
  }
}

function isShared(value: unknown): value is Shared {
  if (typeof value !== 'object' || value === null) return false
  const { at, usedAt, revision, hash, entries }: Partial<Shared> = value
  return (
    [at, usedAt, revision].every(Number.isFinite) &&
    typeof hash === 'string' &&
    Object.prototype.toString.call(entries) === '[object Object]' &&
    Object.values(entries ?? {}).every((text) => typeof text === 'string')
  )
}
