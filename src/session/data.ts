/** The same type with every property and element read-only, at every depth. */
export type DeepReadonly<T> = unknown extends T
  ? T
  : T extends Primitive | ((...args: never) => unknown) | Date
    ? T
    : T extends ReadonlyMap<infer K, infer V>
      ? ReadonlyMap<DeepReadonly<K>, DeepReadonly<V>>
      : T extends ReadonlySet<infer V>
        ? ReadonlySet<DeepReadonly<V>>
        : { readonly [P in keyof T]: DeepReadonly<T[P]> }

type Primitive = string | number | boolean | bigint | symbol | null | undefined

/** The keys of a session's dictionary. */
export type Key<Data> = keyof Data & string

/** The keys that `increment` accepts: those whose value can be any number. */
export type NumberKey<Data> = {
  [K in Key<Data>]-?: number extends Data[K] ? K : never
}[Key<Data>]

/** The type of a value when read: frozen, and read-only to the type checker. */
export type Value<Data, K extends Key<Data>> = DeepReadonly<Exclude<Data[K], undefined>>

/** The type of the whole dictionary when read. Any key may be absent. */
export type Snapshot<Data> = { readonly [K in Key<Data>]?: Value<Data, K> }

/** The default type of the data of a session. */
export type AnyData = Record<string, unknown>
