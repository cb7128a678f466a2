import { SessionError } from '../errors.ts'
import { decodeChecked, increment, operate, take, update } from './atomic.ts'
import { commitChanges } from './changes.ts'
import type { AnyData, Key, LoadOptions, NumberKey, Snapshot, Summary, Value } from './data.ts'
import type { Dictionary } from './dictionary.ts'
import { DATA, FLASH, keyOf } from './patch.ts'

/** The function that `update` calls. It takes the current value, or `undefined`, and returns the new one. */
export type Updater<In, Out> = (value: In | undefined) => Out | Promise<Out>

let dictionaryIn: (session: object | undefined) => Dictionary

/**
 * Returns a session's dictionary, for the request and its features. Handlers cannot reach it. Throws `ERR_OPTION` for
 * anything else, such as the `this` of a method that was taken from its session.
 */
export function dictionaryOf(session: object | undefined): Dictionary {
  return dictionaryIn(session)
}

/**
 * One visitor's dictionary. The first read loads it. `set`, `delete`, `clear` and `flash` are recorded, and written
 * together after the handler and before the response is sent. `increment`, `update` and `take` are atomic in the store.
 *
 * After `destroy()` every method except `flash` throws `ERR_SESSION_ENDED`. Methods that ask the store throw
 * `ERR_STORE` if it fails, and `ERR_SESSION_ENDED` if the session was ended elsewhere while this request used it.
 * Changes after the response was sent throw `ERR_RESPONSE_SENT`. A key that is not a well-formed string throws
 * `ERR_KEY`.
 */
export class Session<Data extends object = AnyData, Flash extends object = AnyData> {
  readonly #dictionary: Dictionary
  #flashes: Promise<Snapshot<Flash>> | undefined

  static {
    dictionaryIn = (session: object | undefined): Dictionary => {
      if (session !== undefined && #dictionary in session) return session.#dictionary
      throw new SessionError(
        'ERR_OPTION',
        'A method was called without its session. Write session.get(key), not const { get } = session.',
      )
    }
    const methods: Record<string | symbol, unknown> = Object(this.prototype)
    // `console.log` calls it, in Workers, Node, Deno and Bun.
    methods[Symbol.for('nodejs.util.inspect.custom')] = methods['toJSON']
  }

  constructor(dictionary: Dictionary) {
    this.#dictionary = dictionary
  }

  /**
   * The session's id for logs and lists, the same for its whole life. It is not the token, and the token cannot be
   * derived from it.
   */
  get id(): string {
    return lookedAt(this).id
  }

  /** True if the visitor came without a session, as far as this request knows. */
  get isNew(): boolean {
    return lookedAt(this).isNew
  }

  /** When the session began, or `undefined` if there is none. */
  get createdAt(): Date | undefined {
    const { times } = lookedAt(this)
    return times && new Date(times.createdAt)
  }

  /**
   * When the session ends if it is not used again, by the earlier of its two timeouts. `undefined` if there is no
   * session, and for a remembered session that has not been loaded.
   */
  get expiresAt(): Date | undefined {
    const { expiresAt = Infinity } = lookedAt(this).times ?? {}
    return expiresAt === Infinity ? undefined : new Date(expiresAt)
  }

  /**
   * Returns what `JSON.stringify` and `console.log` show of the session: the id, `isNew`, and the keys that have a
   * value as far as this request knows, but never a value. `keys` is `undefined` if nothing has been read or changed
   * yet. Makes no call.
   */
  toJSON(): Summary {
    const { id, isNew } = lookedAt(this)
    return { id, isNew, keys: this.#dictionary.knownKeys() }
  }

  /**
   * Reads the session, once per request. With `fresh`, asks the store even if `cached` has a copy. Later reads are then
   * equally fresh.
   *
   * With `touch: false`, this request does not count as use: neither this read nor a later read or write in the same
   * request extends the idle timeout. For polls. It has no effect if the request has already read or written the
   * session.
   */
  async load({ fresh = false, touch = true }: LoadOptions = {}): Promise<void> {
    const dictionary = dictionaryIn(this).toRead()
    if (!touch) dictionary.port.poll()
    await (fresh ? dictionary.loadFresh() : dictionary.load())
  }

  /** Returns the value, frozen, or `undefined` if there is none. Includes the changes made in this request. */
  async get<K extends Key<Data>>(key: K): Promise<Value<Data, K> | undefined> {
    const dictionary = dictionaryIn(this).toRead()
    const name = nameOf(key)
    return dictionary.decode(await dictionary.text(name), name) as Value<Data, K> | undefined
  }

  /** True if the key has a value. */
  async has(key: Key<Data>): Promise<boolean> {
    const dictionary = dictionaryIn(this).toRead()
    return dictionary.peek(await dictionary.text(nameOf(key))) !== undefined
  }

  /** Returns the keys that have a value, in no particular order. */
  async keys(): Promise<Key<Data>[]> {
    const dictionary = dictionaryIn(this).toRead()
    const texts = await dictionary.texts(DATA)
    const readable = texts.filter(([, text]) => dictionary.peek(text) !== undefined)
    return readable.map(([name]) => keyOf(name) as Key<Data>)
  }

  /** Returns the whole dictionary as a frozen object. */
  async all(): Promise<Snapshot<Data>> {
    const dictionary = dictionaryIn(this).toRead()
    return snapshot(dictionary, await dictionary.texts(DATA))
  }

  /**
   * Records a value. Throws immediately: `ERR_VALUE` if JSON would change or drop the value, or the schema refuses it,
   * and `ERR_TOO_LARGE` if it exceeds 1,900,000 bytes.
   */
  set<K extends Key<Data>>(key: K, value: Value<Data, K>): void {
    const dictionary = dictionaryIn(this).toChange()
    dictionary.record(nameOf(key), encodeChecked(dictionary, key, value))
  }

  /** Records the deletion of a key. A missing key is not an error. */
  delete(key: Key<Data>): void {
    dictionaryIn(this).toChange().record(nameOf(key), null)
  }

  /** Records the deletion of all keys. Flash messages stay. */
  clear(): void {
    dictionaryIn(this).toChange().clear()
  }

  /**
   * Adds to a number in the store. Returns the sum; a missing key counts as 0. Throws `ERR_VALUE` if the value is not a
   * number, or if the sum is not between -(2^53 - 1) and 2^53 - 1, since beyond that adding 1 may change nothing.
   * Throws `ERR_NOT_ATOMIC` if the store is not atomic.
   */
  async increment(key: NumberKey<Data>, by = 1): Promise<number> {
    const dictionary = dictionaryIn(this).toChange('increment')
    return operate(dictionary, () => increment(dictionary, nameOf(key), by))
  }

  /**
   * Replaces a value with the result of `fn`, which may be async. Returns the new value. `fn` runs again if another
   * request was faster, or if this request changed the key in the meantime. If it returns `undefined`, the key is
   * deleted. Throws `ERR_CONFLICT` after 100 tries, `ERR_NOT_ATOMIC` if the store is not atomic, and any error of `fn`.
   *
   * After `ERR_STORE` it is unknown if the value was replaced. The same update, called again, is applied once: with the
   * same function object, or with one that returns the same value for the same value. So retry with the same function
   * object if the result depends on anything else, such as the time or a random id. Any other function is another
   * update, and is always applied.
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
    const dictionary = dictionaryIn(this).toChange('update')
    const next = async (text: string | null): Promise<string | null> => {
      const value = await fn(decodeChecked(dictionary, key, text) as Value<Data, K> | undefined)
      return value === undefined ? null : encodeChecked(dictionary, key, value)
    }
    const name = nameOf(key)
    const text = await operate(dictionary, () => update(dictionary, name, next, fn))
    return dictionary.decode(text, name) as Value<Data, K> | undefined
  }

  /**
   * Deletes a value and returns it. Of all requests that take it exactly one gets it; the others get `undefined`. For
   * single-use values: an OAuth state, a token from an email. Throws `ERR_NOT_ATOMIC` if the store is not atomic, and
   * `ERR_SPECULATIVE` if there is a value and the request is a prefetch or prerender: its response is 503, and the
   * browser asks again when the page is opened.
   */
  async take<K extends Key<Data>>(key: K): Promise<Value<Data, K> | undefined> {
    const dictionary = dictionaryIn(this).toChange('take')
    const isSpeculative = dictionary.port.purpose === 'speculative'
    if (isSpeculative && (await dictionary.text(nameOf(key))) !== null)
      throw speculativeError('take', key)
    const text = await operate(dictionary, () => take(dictionary, nameOf(key)))
    return decodeChecked(dictionary, key, text) as Value<Data, K> | undefined
  }

  /**
   * Records a message for one later request of this visitor. A second one with the same key replaces the first. Throws
   * as `set` does. Its keys and values are typed by `data: json<Data, Flash>()`.
   *
   * After an awaited `destroy()` or `signOut()`, it begins a new anonymous session for the message, which costs one
   * more call. The old session stays dead, and the response has one cookie: the new session's.
   */
  flash<K extends Key<Flash>>(key: K, value: Value<Flash, K>): void {
    const dictionary = dictionaryIn(this).toChange('flash')
    dictionary.record(nameOf(key, FLASH), dictionary.port.codec.encode(key, value))
  }

  /**
   * Returns the messages of earlier requests, by key; an empty object if there are none. No other request gets them (on
   * Workers KV at least one gets them). A second call in the same request returns the same messages. A HEAD request
   * gets them, and leaves them for the next one. A prefetch or prerender (`Sec-Purpose`) gets none, since its page may
   * never be shown.
   */
  async flashes(): Promise<Snapshot<Flash>> {
    const dictionary = dictionaryIn(this).toChange()
    this.#flashes ??= dictionary.operations
      .run(() => this.#takeFlashes(dictionary))
      .catch((error: unknown) => {
        this.#flashes = undefined
        throw error
      })
    return this.#flashes
  }

  async #takeFlashes(dictionary: Dictionary): Promise<Snapshot<Flash>> {
    const texts = (await dictionary.texts(FLASH)).filter(
      ([name]) => dictionary.own(name) === undefined,
    )
    const { purpose } = dictionary.port
    if (purpose !== 'view') return snapshot(dictionary, purpose === 'head' ? texts : [])
    const names = texts.map(([name]) => name)
    if (!dictionary.port.store.can.atomic) {
      for (const name of names) dictionary.record(name, null)
      dictionary.changes.shown = new Set(names)
    } else if (names.length > 0) {
      const { operations } = dictionary
      const kind = { kind: FLASH, before: undefined }
      const { taken, repeated } = await operations.apply(FLASH, kind, { take: names })
      const all = repeated?.patch.take ?? names
      return snapshot(
        dictionary,
        all.map((name, index) => [name, taken[index] ?? null]),
      )
    }
    return snapshot(dictionary, texts)
  }

  /**
   * Replaces the token immediately: the dictionary stays, and the old token is refused (OWASP: renew the session ID
   * after any privilege change). Does nothing if there is no session. Of two parallel requests one wins; the other gets
   * `ERR_SESSION_ENDED`. If the handler throws afterwards and nothing sends a response of ours, the session is ended,
   * since no browser has the new token. On Workers KV the token changes with the commit, so that each key is written
   * once.
   */
  async regenerate(): Promise<void> {
    const dictionary = dictionaryIn(this).toChange()
    await dictionary.operations.run(() => dictionary.port.regenerate())
  }

  /**
   * Ends the session: the store deletes it, the response clears the cookie, and recorded changes are dropped. No
   * request can write it back. Later use of the session throws `ERR_SESSION_ENDED`, until a `flash` begins a new one.
   * Makes no store call if there is no session.
   */
  async destroy(): Promise<void> {
    const dictionary = dictionaryIn(this).toChange()
    await dictionary.operations.run(async () => {
      await dictionary.port.destroy()
      dictionary.discard()
    })
  }

  /** Writes the recorded changes now. Otherwise they are written after the handler, before the response is sent. */
  async commit(): Promise<void> {
    const dictionary = dictionaryIn(this).toChange()
    await dictionary.operations.run(async () => commitChanges(dictionary))
  }
}

/** Returns the port without reading the session, and marks the session as used. */
function lookedAt(session: object): Dictionary['port'] {
  const { port } = dictionaryIn(session)
  port.markUsed()
  return port
}

/** Returns a key's entry name. Throws `ERR_KEY` if the key is not a well-formed string. */
export function nameOf(key: string, space: string = DATA): string {
  if (typeof key === 'string' && key.isWellFormed()) return space + key
  throw new SessionError('ERR_KEY', 'A key must be a string without lone surrogates.')
}

/** Returns the error for an operation that a prefetch or prerender must not do. */
export function speculativeError(operation: string, key: string): SessionError {
  return new SessionError(
    'ERR_SPECULATIVE',
    `${operation}(${JSON.stringify(key)}): a prefetch or prerender must not do this. Nothing was changed.`,
  )
}

/** Returns the text of a key's value. Throws `ERR_VALUE` if the codec's check refuses the value. */
export function encodeChecked(dictionary: Dictionary, key: string, value: unknown): string {
  const { codec } = dictionary.port
  const text = codec.encode(key, value)
  const cause = codec.check?.(key, value)
  if (cause === undefined) return text
  throw new SessionError(
    'ERR_VALUE',
    `set(${JSON.stringify(key)}): the schema refuses this value. error.cause has the issues, which may contain the value.`,
    { cause },
  )
}

/** Returns these entries' values by key. The application is responsible for their types. */
function snapshot<Data>(
  dictionary: Dictionary,
  texts: readonly (readonly [name: string, text: string | null])[],
): Snapshot<Data> {
  const values = texts.map(([name, text]) => [keyOf(name), dictionary.decode(text, name)] as const)
  const present = values.filter(([, value]) => value !== undefined)
  return Object.freeze(Object.fromEntries(present)) as Snapshot<Data>
}
