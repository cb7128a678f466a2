import { decodeHandle, encodeHex } from '../codec/base64url.ts'
import { hashOf, sha256 } from '../codec/mac.ts'
import { newRandomText, RANDOM_TEXT_LENGTH } from '../codec/random.ts'
import { SessionError } from '../errors.ts'
import { rotated } from '../record/meta.ts'
import type { CallContext, SessionStore, WriteReply } from '../record/store.ts'
import type { Patch } from '../session/patch.ts'
import { atOwnRate, atRate } from './kv/at-rate.ts'
import { changesIn, justRead, noteRead } from './kv/just-read.ts'
import {
  accountOf,
  goneOf,
  idPart,
  isSession,
  joinReply,
  liveValue,
  signedIn,
  statusOf,
  timeoutsOf,
} from './kv/live.ts'
import { checkNamespace, type SessionKvNamespace, ttlSeconds } from './kv/namespace.ts'
import { madeOnce, markOf, once } from './kv/once.ts'
import { endSession, isAlive, kvDifferenceOf, type KvValue, parseValue } from './kv/value.ts'

export type { SessionKvNamespace }

export interface KvStoreOptions {
  /**
   * The prefix of all keys, so that other data can share the namespace: at most 400 bytes in UTF-8. Default `session:`.
   */
  readonly prefix?: string
  /** Seconds for which a location may answer from its cache. KV's default is 60, its minimum 30. */
  readonly cacheTtl?: number
}

const NO_PATCH: Patch = { id: '' }
/** KV refuses a shorter `cacheTtl` (Cloudflare: changelog 2026-01-30). */
const MIN_CACHE_TTL_SECONDS = 30
/** KV keys have at most 512 bytes (Cloudflare: KV, limits). */
const MAX_PREFIX_BYTES = 400
/** KV takes a signed 32-bit integer (workerd). */
const MAX_CACHE_TTL_SECONDS = 2 ** 31 - 1

/**
 * Returns a store in Workers KV, which is cheap to read anywhere. The last write wins for the whole dictionary. Other
 * locations may see a change, such as a logout, up to 60 s later (Cloudflare: how KV works). KV has no atomic
 * operation, so `increment`, `update` and `take` throw `ERR_NOT_ATOMIC`. Throws `ERR_BINDING` without a namespace.
 */
export function kvStore(namespace: SessionKvNamespace, options: KvStoreOptions = {}): SessionStore {
  const { prefix = 'session:', cacheTtl } = options
  checkNamespace(namespace, 'kvStore')
  checkOptions(prefix, cacheTtl)
  const changes = changesIn(namespace)
  const getOptions = { type: 'text', ...(cacheTtl === undefined ? {} : { cacheTtl }) } as const

  async function get(handle: string): Promise<KvValue | undefined> {
    const text = await namespace.get(prefix + handle, getOptions)
    return text === null ? undefined : parseValue(text)
  }

  /** Reads for `read`, and notes the result for a write that follows at once. */
  async function getAndNote(handle: string, context: CallContext): Promise<KvValue | undefined> {
    const key = prefix + handle
    const since = changes.count
    const text = await namespace.get(key, getOptions)
    if (text === null) return undefined
    noteRead(context, { key, text, since })
    return parseValue(text)
  }

  async function getForChange(handle: string, context: CallContext): Promise<KvValue | undefined> {
    const text = justRead(changes, prefix + handle, context)
    return text === undefined ? get(handle) : parseValue(text)
  }

  async function put(handle: string, value: KvValue, context: CallContext): Promise<void> {
    const expirationTtl = ttlSeconds('expiresAt' in value ? value.expiresAt - context.now : 0)
    const key = prefix + handle
    const write = (): Promise<void> => namespace.put(key, JSON.stringify(value), { expirationTtl })
    await changes.make(key, () => atOwnRate(context, key, write))
  }

  return {
    name: 'kv',
    can: { atomic: false, recordUse: false, revise: false, adopt: true, address: true },
    newHandle: () => newRandomText() + newRandomText(),
    handleFor: (key) => key,
    idOf: (handle) => encodeHex(decodeHandle(idPart(handle))),

    // No get before: this location would then remember for a while that the key is absent.
    async create({ handle, secret }, context, patch) {
      const { now } = context
      const difference = kvDifferenceOf({}, patch)
      if (!difference.ok) return difference
      const entries = Object.fromEntries(difference.after)
      const account = accountOf({ account: patch.signIn })
      const hash = await sha256(secret)
      const expiresAt = now + timeoutsOf(patch.signIn, context).absolute
      const value = { hash, createdAt: now, expiresAt, entries, ...account }
      const join = async (): Promise<WriteReply> => joinReply(await get(handle), hash, context)
      const making = { join, put: () => put(handle, value, context) }
      const joined = await once(namespace, markOf(prefix, handle), { patch, now, ...making })
      return joined ?? { ok: true, ...difference.outcome, ...account }
    },

    async read(credential, context) {
      const { handle, secret } = credential
      const [value, hash] = await Promise.all([getAndNote(handle, context), hashOf(secret)])
      const live = liveValue(value, hash, context, credential)
      if (!live.ok) return goneOf(live, value, credential, context)
      return { ok: true, entries: live.session.entries, ...statusOf(live.session) }
    },

    async write(credential, context, patch) {
      const { handle, secret } = credential
      if (patch.onceUntil !== undefined) {
        const join = async (): Promise<WriteReply> =>
          joinReply(await get(handle), await hashOf(secret), context)
        return madeOnce(namespace, markOf(prefix, handle), join)
      }
      const [value, hash] = await Promise.all([getForChange(handle, context), hashOf(secret)])
      const live = liveValue(value, hash, context, credential)
      if (!live.ok) return goneOf(live, value, credential, context)
      const difference = kvDifferenceOf(live.session.entries, patch)
      if (!difference.ok) return { ...difference, ...statusOf(live.session) }
      const { after, changed, outcome } = difference
      if (changed.length === 0) return { ok: true, ...outcome, ...statusOf(live.session) }
      // The timeouts may have become longer since the last write.
      const { createdAt, account } = live.session
      const expiresAt = createdAt + timeoutsOf(account, context).absolute
      const session = { ...live.session, expiresAt, entries: Object.fromEntries(after) }
      await put(handle, session, context)
      return { ok: true, ...outcome, ...statusOf(session) }
    },

    // Under a new key: a new secret under the same key would be refused in locations that still cache the old value.
    async regenerate(
      credential,
      context,
      { secret: newSecret, isUnsent = false, patch = NO_PATCH },
    ) {
      const { handle, secret } = credential
      const both = Promise.all([hashOf(secret), hashOf(newSecret)])
      const [value, [hash, newHash]] = await Promise.all([get(handle), both])
      const newHandle = idPart(handle) + newHash.slice(0, RANDOM_TEXT_LENGTH)
      const live = liveValue(value, hash, context, credential)
      if (!live.ok) {
        // A retry after a failure finds the session that the first try has moved.
        const moved = live.gone === 'rotated' ? await get(newHandle) : undefined
        if (!isSession(moved, newHash)) return goneOf(live, value, credential, context)
        return { ok: true, handle: newHandle, ...statusOf(moved) }
      }
      const session = signedIn(live.session, context, patch)
      const difference = kvDifferenceOf(session.entries, patch)
      if (!difference.ok) return difference
      const entries = Object.fromEntries(difference.after)
      await put(newHandle, { ...session, hash: newHash, entries }, context)
      const tombstone = { rotatedAt: context.now }
      // This request may have just created the session.
      if (!isUnsent) await atRate(() => put(handle, tombstone, context))
      return { ok: true, handle: newHandle, ...statusOf(session) }
    },

    async destroy({ handle }, { now }) {
      const value = await get(handle)
      if (value !== undefined && 'rotatedAt' in value) return rotated(value.rotatedAt)
      if (value !== undefined && 'endedAt' in value) return { ok: true }
      // Ends a missing session too: this location may only remember that it was absent.
      const key = prefix + handle
      const wasAlive = isAlive(value, now)
      const end = (): Promise<void> => endSession(namespace, key, { now, wasAlive })
      await changes.make(key, () => atRate(end))
      return { ok: true, ...(value && 'account' in value ? accountOf(value) : {}) }
    },

    addressOf: (handle) => `kv:${prefix}${handle}`,
  }
}

function checkOptions(prefix: unknown, cacheTtl: number | undefined): void {
  const isText = typeof prefix === 'string' && prefix.isWellFormed()
  if (!isText || new TextEncoder().encode(prefix).length > MAX_PREFIX_BYTES) {
    throw new SessionError(
      'ERR_OPTION',
      `kvStore: prefix must be a string without lone surrogates, at most ${MAX_PREFIX_BYTES} bytes in UTF-8.`,
    )
  }
  if (cacheTtl === undefined) return
  const isNumber = typeof cacheTtl === 'number' && cacheTtl <= MAX_CACHE_TTL_SECONDS
  if (!isNumber || !(cacheTtl >= MIN_CACHE_TTL_SECONDS)) {
    throw new SessionError(
      'ERR_OPTION',
      `kvStore: cacheTtl is ${cacheTtl}. Write a number of seconds from ${MIN_CACHE_TTL_SECONDS} to ${MAX_CACHE_TTL_SECONDS}.`,
    )
  }
}
