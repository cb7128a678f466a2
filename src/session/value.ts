import { SessionError } from '../errors.ts'

/** Turns values into text and back; devalue and superjson are two that fit. */
export interface Serializer {
  stringify(value: unknown): string
  parse(text: string): unknown
}

/** Stores refuse rows past 2 MB; an entry's name and text together may have this many UTF-8 bytes. */
export const MAX_ENTRY_BYTES = 1_900_000
/** Deeper than any document that means to be one, and far from where a recursion overflows the stack. */
const MAX_DEPTH = 500
/** No JSON text begins with it: it marks what a serializer wrote, so that plain numbers stay countable in the store. */
const SERIALIZED = '~'

/**
 * The stored form of a value. Throws `ERR_VALUE`, naming the key and the place, for what JSON would change or drop (a
 * Date, a Map, NaN, `undefined` inside an object), unless a serializer is there to keep it, and `ERR_TOO_LARGE` past
 * the size that a store takes.
 */
export function encodeValue(
  key: string,
  value: unknown,
  serializer: Serializer | undefined,
): string {
  const text = serializer === undefined ? encodeJson(key, value) : serialize(key, value, serializer)
  if ((text.length + key.length) * 3 > MAX_ENTRY_BYTES) checkSize(key, text)
  return text
}

function serialize(key: string, value: unknown, serializer: Serializer): string {
  // A plain number stays JSON: the store adds to it without knowing the serializer.
  if (isPlainNumber(value)) return JSON.stringify(value)
  if (value === undefined)
    throw valueError(key, `${key} is undefined`, 'Use session.delete() to remove a key.')
  return SERIALIZED + serializer.stringify(value)
}

function encodeJson(key: string, value: unknown): string {
  checkJson(key, value, key, 0)
  return JSON.stringify(value)
}

function isPlainNumber(value: unknown): boolean {
  return typeof value === 'number' && Number.isFinite(value) && !Object.is(value, -0)
}

function checkJson(key: string, value: unknown, place: string, depth: number): void {
  if (typeof value !== 'object') {
    if (typeof value === 'string' || typeof value === 'boolean' || isPlainNumber(value)) return
    throw valueError(key, `${place} is ${describe(value)}`)
  }
  if (depth > MAX_DEPTH) {
    throw valueError(key, `it refers to itself, or is nested more than ${MAX_DEPTH} levels deep`)
  }
  if (Array.isArray(value)) checkArray(key, value, place, depth + 1)
  else if (value !== null) checkObject(key, value, place, depth + 1)
}

function checkArray(key: string, array: unknown[], place: string, depth: number): void {
  // By index, since iteration methods skip the holes that JSON would turn into null.
  for (let index = 0; index < array.length; index += 1) {
    checkJson(key, array[index], `${place}[${index}]`, depth)
  }
  checkNoMore(key, place, Object.keys(array).length > array.length)
}

function checkObject(key: string, object: object, place: string, depth: number): void {
  const prototype: unknown = Object.getPrototypeOf(object)
  if (prototype !== Object.prototype && prototype !== null) {
    throw valueError(key, `${place} is ${describe(object)}`)
  }
  for (const [name, item] of Object.entries(object)) {
    checkJson(key, item, `${place}.${name}`, depth)
  }
  checkNoMore(key, place, Object.getOwnPropertySymbols(object).length > 0)
}

function checkNoMore(key: string, place: string, hasMore: boolean): void {
  if (hasMore) throw valueError(key, `${place} has properties that JSON has no place for`)
}

function describe(value: unknown): string {
  if (typeof value === 'number') return Object.is(value, -0) ? '-0' : String(value)
  if (typeof value !== 'object' || value === null) return `of type ${typeof value}`
  const name: unknown = value.constructor?.name
  return typeof name === 'string' && name !== '' ? `an instance of ${name}` : 'not a plain object'
}

function valueError(key: string, fault: string, advice?: string): SessionError {
  return new SessionError(
    'ERR_VALUE',
    `The value of ${JSON.stringify(key)} cannot be stored: ${fault}, which JSON would change or drop. ${
      advice ??
      'Store a string or a number instead, or give createSessions a serializer (devalue, superjson).'
    }`,
  )
}

function checkSize(key: string, text: string): void {
  const bytes = new TextEncoder().encode(key + text).length
  if (bytes <= MAX_ENTRY_BYTES) return
  throw new SessionError(
    'ERR_TOO_LARGE',
    `The value of ${JSON.stringify(key)} has ${bytes} bytes as text, and a session's value may have ${MAX_ENTRY_BYTES}. Keep large data elsewhere, and its name in the session.`,
  )
}

/** The value of a stored text, frozen all the way down. Throws when the text is not what `encodeValue` wrote. */
export function decodeValue(text: string, serializer: Serializer | undefined): unknown {
  if (!text.startsWith(SERIALIZED)) return deepFreeze(JSON.parse(text))
  if (serializer === undefined) throw new SyntaxError('This value was written with a serializer.')
  return deepFreeze(serializer.parse(text.slice(SERIALIZED.length)))
}

function deepFreeze(value: unknown): unknown {
  if (typeof value !== 'object' || value === null || ArrayBuffer.isView(value)) return value
  if (Object.isFrozen(value)) return value
  Object.freeze(value)
  for (const item of Object.values(value)) deepFreeze(item)
  return value
}
