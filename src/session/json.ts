import { SessionError } from '../errors.ts'
import type { DataCodec } from './codec.ts'
import type { AnyData } from './data.ts'

/** Durable Objects refuse a row past 2 MB; a key and its value's text may have this many UTF-8 bytes together. */
const MAX_ENTRY_BYTES = 1_900_000

/** The default codec: JSON, which refuses a value that it would change or drop, naming the key. */
export const JSON_CODEC: DataCodec = {
  codec: 'json',
  encode: (key, value) => checkedSize(key, stringify(key, value)),
  decode: (text) => deepFreeze(JSON.parse(text)),
}

/**
 * The default codec, with the types of the dictionary and of the messages: `data: json<Data>()`. It refuses a value that
 * JSON would change or drop: a Date, a Map, NaN, `undefined` inside an object.
 */
export function json<Data extends object, Flash extends object = AnyData>(): DataCodec<
  Data,
  Flash
> {
  // Types have no value.
  return JSON_CODEC as DataCodec<Data, Flash>
}

function stringify(key: string, value: unknown): string {
  try {
    // With a `this` of its own, the replacer sees a value as it was before any toJSON.
    return JSON.stringify(
      value,
      function check(this: Record<string, unknown>, name, item: unknown) {
        const original = this[name]
        if (isStorable(original) && original === item) return item
        throw new TypeError(`${name === '' ? 'it' : JSON.stringify(name)} is ${describe(original)}`)
      },
    )
  } catch (cause) {
    const fault = cause instanceof Error ? cause.message : 'it throws'
    throw new SessionError(
      'ERR_VALUE',
      `set(${JSON.stringify(key)}): JSON would change or drop this value: ${fault}. Store strings and numbers, or use data: serialized(devalue).`,
      { cause },
    )
  }
}

/** True if JSON gives this back as it was, its parts apart. */
export function isStorable(value: unknown): boolean {
  // -0 becomes 0, which equals it.
  if (typeof value === 'number') return Number.isFinite(value)
  if (typeof value !== 'object') return typeof value === 'string' || typeof value === 'boolean'
  if (value === null) return true
  // JSON has no place for an array's named properties, for symbols, and for what a class would give back.
  if (Array.isArray(value)) return Object.keys(value).length <= value.length
  const prototype: unknown = Object.getPrototypeOf(value)
  const isPlain = prototype === Object.prototype || prototype === null
  return isPlain && Object.getOwnPropertySymbols(value).length === 0
}

function describe(value: unknown): string {
  if (typeof value === 'number') return String(value)
  const isNamed = typeof value === 'object' && value !== null
  return isNamed ? `an object (${value.constructor?.name ?? 'of no class'})` : typeof value
}

/** Returns the text. Throws `ERR_TOO_LARGE` past the size that a store takes. */
export function checkedSize(key: string, text: string): string {
  // No character has more than three bytes; a surrogate pair is two characters.
  if ((key.length + text.length) * 3 > MAX_ENTRY_BYTES) {
    const bytes = new TextEncoder().encode(key + text).length
    if (bytes > MAX_ENTRY_BYTES) {
      throw new SessionError(
        'ERR_TOO_LARGE',
        `set(${JSON.stringify(key)}): the value has ${bytes} bytes of text; the maximum is ${MAX_ENTRY_BYTES}. Keep large data elsewhere, and its name in the session.`,
      )
    }
  }
  return text
}

/** Freezes a value all the way down, and returns it. */
export function deepFreeze(value: unknown): unknown {
  // A typed array can't be frozen.
  if (typeof value !== 'object' || value === null || ArrayBuffer.isView(value)) return value
  if (Object.isFrozen(value)) return value
  Object.freeze(value)
  for (const item of Object.values(value)) deepFreeze(item)
  return value
}
