import { SessionError } from '../errors.ts'
import type { DataCodec } from './codec.ts'
import type { AnyData, Storable } from './data.ts'

/**
 * The maximum size of a key and its text together, in bytes: in UTF-8, and as stored by a Durable Object, which refuses
 * a row over 2 MB and needs two bytes per UTF-16 unit for a text with any character above U+00FF.
 */
const MAX_ENTRY_BYTES = 1_900_000

/** The default codec: JSON. It refuses a value that JSON would change or drop, and names the key. */
export const JSON_CODEC: DataCodec = {
  codec: 'json',
  encode: (key, value) => checkedSize(key, stringify(key, value)),
  decode: (text) => deepFreeze(JSON.parse(text)),
}

/**
 * Returns the default codec, with the types of the dictionary and of the messages: `data: json<Data>()`, or `json<Data,
 * Flash>()`. It refuses a value that JSON would change or drop: a Date, a Map, NaN, `undefined` inside an object. A
 * type with a Date, a Map or a function does not compile.
 */
export function json<
  Data extends object & Storable<Data>,
  Flash extends object & Storable<Flash> = AnyData,
>(): DataCodec<Data, Flash> {
  // Types have no value at run time.
  return JSON_CODEC as DataCodec<Data, Flash>
}

function stringify(key: string, value: unknown): string {
  try {
    // With `this`, the replacer sees a value before toJSON.
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

/** True if JSON returns this value unchanged. Its parts are not checked. */
export function isStorable(value: unknown): boolean {
  // -0 becomes 0, which equals it.
  if (typeof value === 'number') return Number.isFinite(value)
  if (typeof value !== 'object') return typeof value === 'string' || typeof value === 'boolean'
  if (value === null) return true
  // JSON drops an array's named properties, symbols, and an object's class.
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

/** Returns the text. Throws `ERR_TOO_LARGE` if it exceeds the size that a store allows. */
export function checkedSize(key: string, text: string): string {
  // A character has at most three bytes; a surrogate pair is two characters.
  if ((key.length + text.length) * 3 > MAX_ENTRY_BYTES) {
    const keyBytes = bytesOf(key)
    // oxlint-disable-next-line no-control-regex
    const isWide = /[^\0-\xFF]/.test(text)
    const bytes = keyBytes + Math.max(bytesOf(text), isWide ? 2 * text.length : 0)
    if (bytes > MAX_ENTRY_BYTES) {
      throw new SessionError(
        'ERR_TOO_LARGE',
        `set(${JSON.stringify(key)}): the value takes ${bytes} bytes; the maximum is ${MAX_ENTRY_BYTES}. Keep large data elsewhere, and its name in the session.`,
      )
    }
  }
  return text
}

function bytesOf(text: string): number {
  return new TextEncoder().encode(text).length
}

/** Freezes a value at every depth, and returns it. */
export function deepFreeze(value: unknown): unknown {
  // A typed array cannot be frozen.
  if (typeof value !== 'object' || value === null || ArrayBuffer.isView(value)) return value
  if (Object.isFrozen(value)) return value
  Object.freeze(value)
  for (const item of Object.values(value)) deepFreeze(item)
  return value
}
