import { SessionError } from '../errors.ts'
import { type Aal, checkDetails, checkUserId, type SignInDetails } from './account.ts'
import { increment, operate, take, update } from './atomic.ts'
import { newPatch, orThrow } from './changes.ts'
import type { AnyData, Key, NumberKey, Snapshot, Value } from './data.ts'
import { DATA, FLASH, keyOf } from './patch.ts'
import type { WorkingCopy } from './working-copy.ts'

/** What a session works on, for the request's own machinery; a handler has no way to it. */
export let copyOf: <Data extends object, Flash extends object>(
  session: Session<Data, Flash>,
) => WorkingCopy

/** What `update` calls: the present value, or `undefined`, in; the new one out. */
export type Updater<In, Out> = (value: In | undefined) => Out | Promise<Out>

/**
 * One visitor's dictionary. The first read loads it; `set`, `delete`, `clear` and `flash` are recorded and written
 * together, after the handler and before its response leaves; `increment`, `update` and `take` are atomic in the store.
 *
 * Every method throws `ERR_SESSION_ENDED` after `destroy()`. Methods that ask the store throw `ERR_STORE` when it
 * fails, and `ERR_SESSION_ENDED` when the session was ended elsewhere while this request used it. Changes after the
 * response was made throw `ERR_RESPONSE_SENT`. A key that is not well-formed text throws `ERR_KEY`.
 */
export class Session<Data extends object = AnyData, Flash extends object = AnyData> {
  readonly #copy: WorkingCopy
  #flashes: Promise<Snapshot<Flash>> | undefined

  static {
    copyOf = <D extends object, F extends object>(session: Session<D, F>): WorkingCopy =>
      session.#copy
  }

  constructor(copy: WorkingCopy) {
    this.#copy = copy
  }

  /** Names this session in logs and lists, for as long as it lives. It is not the token and does not lead to it. */
  get id(): string {
    return this.#copy.toLook().id
  }

  /** Whether the visitor came without a session, as far as this request has learnt. */
  get isNew(): boolean {
    return this.#copy.toLook().isNew
  }

  /** When the session began; `undefined` before there is one. */
  get createdAt(): Date | undefined {
    const times = this.#copy.toLook().times
    return times && new Date(times.createdAt)
  }

  /** When it ends if it is not used again, by the nearer of its two timeouts; `undefined` before there is one. */
  get expiresAt(): Date | undefined {
    const times = this.#copy.toLook().times
    return times && new Date(times.expiresAt)
  }

  /**
   * Who is signed in; `undefined` where nobody is. Throws `ERR_NOT_LOADED` while only the cookie says that there is a
   * session: after `load()`, or anything else that was awaited, it is known.
   */
  get userId(): string | undefined {
    return this.#copy.toLook().account?.userId
  }

  /**
   * When the user last proved who they are, by `signIn`, or what `adopt` was told of it: 1970 where that was nothing.
   * `undefined` and throws as `userId` does.
   */
  get authenticatedAt(): Date | undefined {
    const { account } = this.#copy.toLook()
    return account && new Date(account.provenAt ?? account.at)
  }

  /** How well they did then: the `aal` that `signIn` was given (NIST SP 800-63B); `undefined` and throws as `userId` does. */
  get aal(): Aal | undefined {
    return this.#copy.toLook().account?.aal
  }

  /**
   * Reads the session, once a request, so that `userId` is known. With `fresh` the store is asked even where `readCache`
   * has a copy, and what is read afterwards is as fresh.
   */
  async load({ fresh = false }: { readonly fresh?: boolean } = {}): Promise<void> {
    const copy = this.#copy.toRead()
    await (fresh ? copy.loadFresh() : copy.load())
  }

  /** The value, frozen, or `undefined`. Changes made in this request are seen. */
  async get<K extends Key<Data>>(key: K): Promise<Value<Data, K> | undefined> {
    const copy = this.#copy.toRead()
    return copy.values.decode(await copy.text(nameOf(key))) as Value<Data, K> | undefined
  }

  /** Whether the key has a value. */
  async has(key: Key<Data>): Promise<boolean> {
    return (await this.#copy.toRead().text(nameOf(key))) !== null
  }

  /** The keys that have a value, in no promised order. */
  async keys(): Promise<Key<Data>[]> {
    const texts = await this.#copy.toRead().texts(DATA)
    return texts.map(([name]) => keyOf(name) as Key<Data>)
  }

  /** The whole dictionary as a frozen object. */
  async all(): Promise<Snapshot<Data>> {
    const copy = this.#copy.toRead()
    return snapshot(copy, await copy.texts(DATA))
  }

  /**
   * Records a value. Throws at once `ERR_VALUE` for what JSON would change or drop, or the schema refuses, and
   * `ERR_TOO_LARGE` past 1,900,000 bytes.
   */
  set<K extends Key<Data>>(key: K, value: Value<Data, K>): void {
    const copy = this.#copy.toChange()
    copy.record(nameOf(key), copy.values.encodeChecked(key, value))
  }

  /** Records that the key is to go; a missing one is no error. */
  delete(key: Key<Data>): void {
    this.#copy.toChange().record(nameOf(key), null)
  }

  /** Records that all keys are to go. Flash messages stay. */
  clear(): void {
    this.#copy.toChange().clear()
  }

  /**
   * Adds to a number in the store and gives the new one; a missing key counts from 0. Throws `ERR_VALUE` when there
   * is something else or the sum is not finite, and `ERR_NOT_ATOMIC` on a store that cannot.
   */
  async increment(key: NumberKey<Data>, by = 1): Promise<number> {
    const copy = this.#copy.toChange('increment')
    return operate(copy, () => increment(copy, nameOf(key), by))
  }

  /**
   * Replaces a value by what `fn` makes of it, and gives the new one. `fn` may be async, may run again when another
   * request won, and deletes the key by giving `undefined`. Throws `ERR_CONFLICT` after 100 tries, `ERR_NOT_ATOMIC` on
   * a store that cannot, and what `fn` throws.
   */
  async update<K extends Key<Data>>(
    key: K,
    fn: Updater<Value<Data, K>, Value<Data, K>>,
  ): Promise<Value<Data, K>>
  async update<K extends Key<Data>>(
    key: K,
    fn: Updater<Value<Data, K>, Value<Data, K> | undefined>,
  ): Promise<Value<Data, K> | undefined>
  async update<K extends Key<Data>>(
    key: K,
    fn: Updater<Value<Data, K>, Value<Data, K> | undefined>,
  ): Promise<Value<Data, K> | undefined> {
    const copy = this.#copy.toChange('update')
    const next = async (text: string | null): Promise<string | null> => {
      const value = await fn(copy.values.decodeChecked(key, text) as Value<Data, K> | undefined)
      return value === undefined ? null : copy.values.encodeChecked(key, value)
    }
    const text = await operate(copy, () => update(copy, nameOf(key), next))
    return copy.values.decode(text) as Value<Data, K> | undefined
  }

  /**
   * Reads a value and deletes it, for exactly one of all requests that ask; the others get `undefined`. For what may be
   * used once: an OAuth state, a token from a mail. Throws `ERR_NOT_ATOMIC` on a store that cannot.
   */
  async take<K extends Key<Data>>(key: K): Promise<Value<Data, K> | undefined> {
    const copy = this.#copy.toChange('take')
    const text = await operate(copy, () => take(copy, nameOf(key)))
    return copy.values.decodeChecked(key, text) as Value<Data, K> | undefined
  }

  /** Records a message for one later request of this visitor. A second one under the same key replaces the first. */
  flash<K extends Key<Flash>>(key: K, value: Value<Flash, K>): void {
    const copy = this.#copy.toChange()
    copy.record(nameOf(key, FLASH), copy.values.encode(key, value))
  }

  /**
   * The messages of earlier requests, by key, which no other request gets then (on Workers KV: hardly another).
   * Called again in the same request it gives the same.
   */
  async flashes(): Promise<Snapshot<Flash>> {
    const copy = this.#copy.toChange()
    this.#flashes ??= copy.operations
      .run(() => this.#takeFlashes(copy))
      .catch((error: unknown) => {
        this.#flashes = undefined
        throw error
      })
    return this.#flashes
  }

  async #takeFlashes(copy: WorkingCopy): Promise<Snapshot<Flash>> {
    const texts = (await copy.texts(FLASH)).filter(([name]) => copy.own(name) === undefined)
    const names = texts.map(([name]) => name)
    if (!copy.port.store.isAtomic) {
      for (const name of names) copy.record(name, null)
    } else if (names.length > 0) {
      const patch = copy.operations.unanswered(FLASH) ?? newPatch({ take: names })
      const { taken } = orThrow(await copy.operations.send(FLASH, patch))
      return snapshot(
        copy,
        (patch.take ?? []).map((name, index) => [name, taken[index] ?? null]),
      )
    }
    return snapshot(copy, texts)
  }

  /**
   * Gives the session a new token at once: same dictionary, and the old token is dead (OWASP: renew the session ID
   * after any privilege change). Does nothing for a visitor without a session. Of two requests that do it at the same
   * time one wins; the other gets `ERR_SESSION_ENDED`. A handler that throws afterwards signs the visitor out: the new
   * token is on no response. On Workers KV the token changes with the commit, so that each key is written once.
   */
  async regenerate(): Promise<void> {
    const copy = this.#copy.toChange()
    await copy.operations.run(() => copy.port.regenerate())
  }

  /**
   * Signs a user in: a new token, the old one dead at once, and both timeouts anew (OWASP: renew the session ID after any
   * privilege change; NIST SP 800-63B section 5.2). What another user has left is deleted first; what an anonymous visitor
   * has is kept. The session is on the user's list before its cookie leaves. The same user again is a re-authentication.
   *
   * Throws `ERR_VALUE` for what is no user's id or no detail, `ERR_SESSION_LIMIT` when the user may have no more sessions, and
   * `ERR_SESSION_ENDED` when another request gave this session a new token meanwhile. On Workers KV it takes effect with
   * the commit.
   */
  async signIn(userId: string, details: SignInDetails = {}): Promise<void> {
    const copy = this.#copy.toChange()
    checkUserId(userId)
    checkDetails(details)
    await copy.operations.run(async () => {
      // Whose dictionary has been read is not to depend on a copy.
      if (copy.port.isCopied) await copy.loadFresh()
      if (await copy.port.signIn(userId, details)) copy.empty()
    })
  }

  /** Ends the session as `destroy()` does, and sends `Clear-Site-Data` where `clearSiteData` is set. */
  async signOut(): Promise<void> {
    const copy = this.#copy.toChange()
    await copy.operations.run(async () => {
      await copy.port.signOut()
      copy.discard()
    })
  }

  /**
   * Ends the session: the store forgets it, the response clears the cookie, what was recorded is dropped, it leaves its
   * user's list, and no request can write it back. Using the session afterwards throws.
   */
  async destroy(): Promise<void> {
    const copy = this.#copy.toChange()
    await copy.operations.run(async () => {
      await copy.port.destroy()
      copy.discard()
    })
  }

  /** Writes now what is recorded. Without it that happens after the handler, before the response leaves. */
  async commit(): Promise<void> {
    const copy = this.#copy.toChange()
    await copy.operations.run(() => copy.commit())
  }
}

/** The entry name of a key. Throws `ERR_KEY` for one that a store could not tell from another. */
export function nameOf(key: string, space: string = DATA): string {
  if (typeof key === 'string' && key.isWellFormed()) return space + key
  throw new SessionError('ERR_KEY', 'A key is a string without half surrogates.')
}

/** The values of these entries by key; the application vouches for their types. */
function snapshot<Data>(
  copy: WorkingCopy,
  texts: readonly (readonly [name: string, text: string | null])[],
): Snapshot<Data> {
  const values = texts.map(([name, text]) => [keyOf(name), copy.values.decode(text)] as const)
  const present = values.filter(([, value]) => value !== undefined)
  return Object.freeze(Object.fromEntries(present)) as Snapshot<Data>
}
