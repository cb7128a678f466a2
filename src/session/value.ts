import { SessionError } from '../errors.ts'

/** Turns values into text and back; devalue and superjson are two that fit. */
export interface Serializer {
  stringify(value: unknown): string
  parse(text: string): unknown
}

/** Durable Objects refuse a row past 2 MB; a key and its value's text may have this many UTF-8 bytes together. */
const MAX_ENTRY_BYTES = 1_900_000
/** No JSON text begins with it. It marks what a serializer wrote, so that plain numbers stay countable in the store. */
const SERIALIZED = '~'

/**
 * The stored form of a value. Throws `ERR_VALUE`, naming the key, for what JSON would change or drop (a Date, a Map,
 * NaN, `undefined` inside an object), unless a serializer is there to keep it; `ERR_TOO_LARGE` past the size that a
 * store takes.
 */
export function encodeValue(key: string, value: unknown, serializer?: Serializer): string {
  // A plain number stays JSON, for the store to count on.
  const isJson = serializer === undefined || (typeof value === 'number' && isStorable(value))
  const text = isJson ? stringify(key, value) : SERIALIZED + serializer.stringify(value)
  checkSize(key, text)
  return text
}

/** Whether a serializer wrote the text. */
export function isSerialized(text: string): boolean {
  return text.startsWith(SERIALIZED)
}

/** The value of a stored text, frozen all the way down. Throws when `encodeValue` did not write the text. */
export function decodeValue(text: string, serializer?: Serializer): unknown {
  if (!isSerialized(text)) return deepFreeze(JSON.parse(text))
  if (serializer === undefined) throw new SyntaxError('This value was written with a serializer.')
  return deepFreeze(serializer.parse(text.slice(SERIALIZED.length)))
}

function stringify(key: string, value: unknown): string {
  try {
    // A function of its own `this`: there the replacer finds a value as it was before any toJSON.
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
      `set(${JSON.stringify(key)}): JSON would change or drop this value: ${fault}. Store strings and numbers instead, or give createSessions a serializer (devalue, superjson).`,
      { cause },
    )
  }
}

/** Whether JSON gives this back as it was, its parts apart. */
function isStorable(value: unknown): boolean {
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

function checkSize(key: string, text: string): void {
  // No character has more than three bytes; a surrogate pair is two characters.
  if ((key.length + text.length) * 3 <= MAX_ENTRY_BYTES) return
  const bytes = new TextEncoder().encode(key + text).length
  if (bytes <= MAX_ENTRY_BYTES) return
  throw new SessionError(
    'ERR_TOO_LARGE',
    `set(${JSON.stringify(key)}): ${bytes} bytes of text, and a value may have ${MAX_ENTRY_BYTES}. Keep large data elsewhere, and its name in the session.`,
  )
}

function deepFreeze(value: unknown): unknown {
  // A typed array can't be frozen.
  if (typeof value !== 'object' || value === null || ArrayBuffer.isView(value)) return value
  if (Object.isFrozen(value)) return value
  Object.freeze(value)
  for (const item of Object.values(value)) deepFreeze(item)
  return value
}
