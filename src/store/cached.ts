import { SessionError } from '../errors.ts'
import { isGone } from '../record/meta.ts'
import type {
  Await,
  CallContext,
  Credential,
  Gone,
  ReadReply,
  SessionStore,
  Status,
} from '../record/store.ts'
import type { Patch } from '../session/patch.ts'
import { Copies } from './cached/copies.ts'
import { type Copy, copyOf } from './cached/freshness.ts'
import { SharedCopies } from './cached/shared-copies.ts'
import type { SessionKvNamespace } from './kv/namespace.ts'

export interface CachedOptions {
  /**
   * Seconds for which a copy may answer. A change made with another copy of the cookie, or a revocation, may go unseen
   * for that long. A browser sees its own changes at once. A value above `touchInterval` has no effect, since the store
   * is asked then anyway.
   */
  readonly maxAgeSeconds: number
  /**
   * Shares copies among isolates, such as `env.SESSION_COPIES`. Costs one KV write for each request that changes a
   * session.
   */
  readonly kv?: SessionKvNamespace | undefined
}

/** The number of remembered variants of one store with other options. */
const MAX_VARIANTS = 7

/** The stores made in this isolate. Their copies outlive an `env` that is new with each request. */
const made = new WeakMap<SessionStore, (CachedOptions & { readonly store: SessionStore })[]>()

/**
 * Returns a store that answers reads from copies for some seconds, without a call:
 * `cached(durableObjectStore(env.SESSIONS), { maxAgeSeconds: 30 })`. The token carries the revision that its holder has
 * seen. A browser therefore always sees its own writes and never goes back in time. Throws `ERR_OPTION` for a store
 * without revisions, such as `kvStore`, and for an age that is not a number of seconds above 0.
 */
export function cached(store: SessionStore, options: CachedOptions): SessionStore {
  checkArguments(store, options)
  const { maxAgeSeconds, kv } = options
  const known = made.get(store) ?? []
  const same = known.find((each) => each.maxAgeSeconds === maxAgeSeconds && each.kv === kv)
  if (same !== undefined) return same.store
  const maxAge = maxAgeSeconds * 1000
  // JavaScript may pass null for a missing binding.
  const shared = kv === undefined && !('kv' in options) ? undefined : newSharedCopies(kv, maxAge)
  const decorated = cachedStore(store, new Copies(maxAge), shared)
  made.set(store, [...known.slice(-MAX_VARIANTS), { maxAgeSeconds, kv, store: decorated }])
  return decorated
}

function checkArguments(store: SessionStore, options: CachedOptions): void {
  const { maxAgeSeconds }: Partial<CachedOptions> = Object(options)
  if (!(Number.isFinite(maxAgeSeconds) && Number(maxAgeSeconds) > 0)) {
    throw new SessionError(
      'ERR_OPTION',
      'cached(): maxAgeSeconds must be a number of seconds above 0.',
    )
  }
  const { can, name }: Partial<SessionStore> = Object(store)
  if (can?.revise !== true) {
    throw new SessionError(
      'ERR_OPTION',
      `cached(): the ${name} store keeps no revisions. Use durableObjectStore, or leave cached() out.`,
    )
  }
}

function newSharedCopies(kv: SessionKvNamespace | undefined, maxAge: number): SharedCopies {
  // Checked by the constructor.
  return new SharedCopies(kv as SessionKvNamespace, maxAge)
}

function cachedStore(
  store: SessionStore,
  copies: Copies,
  shared: SharedCopies | undefined,
): SessionStore {
  async function readStore(credential: Credential, context: CallContext): Promise<ReadReply> {
    const reply = await store.read(credential, context)
    if (!reply.ok) return dropped(credential, context, reply)
    copies.keep(credential, copyOf(context.now, reply, reply.entries))
    return withBookmark(reply)
  }

  async function readShared(
    copiesOfAll: SharedCopies,
    credential: Credential,
    context: CallContext,
  ): Promise<ReadReply> {
    const copy = await copiesOfAll.find(credential, context)
    // The isolate may have learned of a later state in the meantime.
    if (copy === undefined || !copies.isNewest(credential, copy)) {
      return readStore(credential, context)
    }
    copies.keep(credential, copy)
    return answerOf(copy)
  }

  /** Notes a reply to a change that was applied. */
  function changed<Reply extends Status>(
    credential: Credential,
    context: CallContext,
    reply: Reply,
    change: Parameters<Copies['change']>[3],
  ): Reply {
    copies.change(credential, context.now, reply, change)
    share(credential, context)
    return withBookmark(reply)
  }

  /** Shares the copy for this token after the response, if this call has made one. */
  function share(credential: Credential, { now, defer }: CallContext): void {
    if (shared === undefined) return
    let isShared = false
    // May be called for an inner wrapper's response, and again for the outer one's.
    defer?.(async () => {
      const copy = isShared ? undefined : copies.since(credential, now)
      isShared = true
      if (copy !== undefined) await shared.put(credential, copy)
    })
  }

  /** Notes that this token no longer has a session. */
  function dropped(credential: Credential, { now }: CallContext, reply: Gone): Gone {
    copies.refuse(credential)
    if (reply.gone !== 'rotated') copies.outdate(credential.handle, now)
    return reply
  }

  const part = store.part?.bind(store)
  return {
    // One by one, because a store may be an instance of a class.
    name: store.name,
    can: store.can,
    newHandle: () => store.newHandle(),
    handleFor: store.handleFor?.bind(store),
    idOf: (handle) => store.idOf(handle),
    addressOf: store.addressOf?.bind(store),

    read(credential, context): Await<ReadReply> {
      checkTouch(context)
      const copy = context.fresh === true ? undefined : copies.find(credential, context)
      if (copy !== undefined) return answerOf(copy)
      return shared === undefined || context.fresh === true || copies.isRefused(credential)
        ? readStore(credential, context)
        : readShared(shared, credential, context)
    },

    async create(credential, context, patch) {
      checkTouch(context)
      const reply = await store.create(credential, context, patch)
      // A joined session was made by another request.
      if (!reply.ok || reply.createdAt !== undefined) return reply.ok ? withBookmark(reply) : reply
      return changed(credential, context, reply, { patch, isCreation: true })
    },

    async write(credential, context, patch) {
      checkTouch(context)
      const reply = await store.write(credential, context, patch)
      if (isGone(reply)) return dropped(credential, context, reply)
      // With `onceUntil` it only asks, and writes nothing.
      const isChanged = reply.ok && reply.createdAt === undefined
      return isChanged ? changed(credential, context, reply, { patch }) : withBookmark(reply)
    },

    async regenerate(credential, context, regeneration) {
      const reply = await store.regenerate(credential, context, regeneration)
      if (isGone(reply)) return dropped(credential, context, reply)
      if (!reply.ok) return reply
      const next = { handle: reply.handle, secret: regeneration.secret }
      copies.renew(credential, next, context.now, reply, regeneration.patch ?? NO_PATCH)
      share(next, context)
      return withBookmark(reply)
    },

    part:
      part &&
      (async (credential, context, call) => {
        const reply = await part(credential, context, call)
        if (isGone(reply)) return dropped(credential, context, reply)
        if (!reply.ok) return reply
        return call.patch === undefined
          ? withBookmark(reply)
          : changed(credential, context, reply, { patch: call.patch })
      }),

    async destroy(credential, context) {
      const reply = await store.destroy(credential, context)
      if (isGone(reply)) return dropped(credential, context, reply)
      copies.refuse(credential)
      copies.outdate(credential.handle, context.now)
      if (shared !== undefined) context.defer?.(() => shared.delete(credential.handle))
      return reply
    },
  }
}

const NO_PATCH: Patch = { id: '' }

/** Throws `ERR_OPTION` if every use must be recorded, since the use that a copy answers is not. */
function checkTouch({ touch }: CallContext): void {
  if (touch > 0) return
  throw new SessionError(
    'ERR_OPTION',
    'cached(): with touchInterval: 0 the store must record every use, so no copy can answer. Remove touchInterval: 0, or cached().',
  )
}

/** Returns the reply with its revision as the token's bookmark. */
function withBookmark<Reply extends Status>(reply: Reply): Reply {
  const { revision } = reply
  return revision === undefined ? reply : { ...reply, bookmark: revision }
}

function answerOf({ usedAt, revision, account, entries }: Copy): ReadReply & { readonly ok: true } {
  const status = { usedAt, revision, bookmark: revision, isCopy: true }
  return { ok: true, entries, ...status, ...(account && { account }) }
}
