/** The same type with every property and element read-only, at every depth. */
export type DeepReadonly<T> = unknown extends T
  ? T
  : T extends Primitive | ((...args: never) => unknown) | Date
    ? T
    : T extends ReadonlyMap<infer K, infer V>
      ? ReadonlyMap<DeepReadonly<K>, DeepReadonly<V>>
      : T extends ReadonlySet<infer V>
        ? ReadonlySet<DeepReadonly<V>>
        : T extends readonly (infer E)[]
          ? E[] extends T
            ? readonly DeepReadonly<E>[]
            : ReadonlyParts<T>
          : ReadonlyParts<T>

/**
 * The read-only properties of an object or a tuple. A mapped array would be resolved immediately, which never ends for
 * a recursive type such as JSON's.
 */
type ReadonlyParts<T> = { readonly [P in keyof T]: DeepReadonly<T[P]> }

type Primitive = string | number | boolean | bigint | symbol | null | undefined

/** The keys of a session's dictionary. */
export type Key<Data> = keyof Data & string

/** The keys that `increment` accepts: those whose value can be any number. */
export type NumberKey<Data> = {
  [K in Key<Data>]-?: number extends Data[K] ? K : never
}[Key<Data>]

/** The type of a value when read: frozen, and read-only at compile time. */
export type Value<Data, K extends Key<Data>> = DeepReadonly<Exclude<Data[K], undefined>>

/** The type of the whole dictionary when read. Any key may be absent. */
export type Snapshot<Data> = { readonly [K in Key<Data>]?: Value<Data, K> }

/** The kinds of values that JSON would change or drop, and that a codec other than JSON may keep. */
type NotJson =
  | ((...args: never) => unknown)
  | bigint
  | symbol
  | Date
  | ReadonlyMap<unknown, unknown>
  | ReadonlySet<unknown>
  | RegExp
  | ArrayBuffer
  | ArrayBufferView
  | PromiseLike<unknown>

/**
 * The same type, with advice in place of values that JSON would change or drop. Data that extends it needs no codec.
 */
export type Storable<T> = { readonly [K in keyof T]: StorableValue<T[K]> }

type StorableValue<T> = unknown extends T
  ? T
  : T extends string | number | boolean | null | undefined
    ? T
    : T extends NotJson
      ? 'JSON would change or drop this value. Use data: serialized<Data>(devalue) of edge-session/serialize.'
      : T extends readonly (infer E)[]
        ? E[] extends T
          ? readonly StorableValue<E>[]
          : Storable<T>
        : Storable<T>

/** The default type of the data of a session. */
export type AnyData = Record<string, unknown>

export interface LoadOptions {
  readonly fresh?: boolean
  readonly touch?: boolean
}

/** The part of a session that logs show. */
export interface Summary {
  readonly id: string
  readonly isNew: boolean
  readonly keys: readonly string[] | undefined
}
