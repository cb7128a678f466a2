import { SessionError } from './errors.ts'
import type { DataCodec } from './session/codec.ts'
import type { AnyData } from './session/data.ts'
import { checkedSize, deepFreeze, isStorable, JSON_CODEC } from './session/json.ts'

/** Converts values to text and back, such as devalue or superjson. */
export interface Serializer {
  stringify(value: unknown): string
  parse(text: string): unknown
}

/** Marks a text from a serializer, so that the store can still count plain numbers. No JSON text begins with it. */
const MARK = '~'

/**
 * Returns a codec for values that JSON would change, such as Date and Map: `data: serialized(devalue)`. Plain numbers
 * stay JSON, so that `increment` can count them. JSON that was stored before can still be read. Throws `ERR_OPTION` for
 * an argument without `stringify` and `parse`.
 */
export function serialized<Data extends object = AnyData, Flash extends object = AnyData>(
  serializer: Serializer,
): DataCodec<Data, Flash> {
  const given: Partial<Record<keyof Serializer, unknown>> = Object(serializer)
  if (typeof given.stringify !== 'function' || typeof given.parse !== 'function') {
    throw new SessionError(
      'ERR_OPTION',
      'serialized() takes a serializer with stringify and parse, such as devalue or superjson.',
    )
  }

  function encode(key: string, value: unknown): string {
    if (typeof value === 'number' && isStorable(value)) return JSON_CODEC.encode(key, value)
    return checkedSize(key, MARK + stringified(serializer, key, value))
  }

  /** Returns the text, or `undefined` for a value that cannot be stored. */
  function textNow(value: unknown): string | undefined {
    try {
      return encode('', value)
    } catch {
      return undefined
    }
  }

  /** Returns the value without freezing it. */
  function thaw(text: string): unknown {
    if (!text.startsWith(MARK)) return JSON.parse(text)
    const value = serializer.parse(text.slice(MARK.length))
    // An absent value is not stored, and a promise may still reject.
    if (value === undefined || isPromise(value)) throw new TypeError('no value')
    return value
  }

  return {
    codec: 'serialized',
    encode,
    decode: (text) => (text.startsWith(MARK) ? deepFreeze(thaw(text)) : JSON_CODEC.decode(text)),
    thaw,

    // Freezing does not protect a Map or a Date.
    watch(text, value) {
      if (!text.startsWith(MARK) || typeof value !== 'object') return undefined
      const before = textNow(value)
      if (before === undefined) return undefined
      return (written) => {
        const after = textNow(value)
        if (after === before || after === written) return
        throw new SessionError(
          'ERR_VALUE',
          'A value from the session was changed in place, which stores nothing. Change a copy, and session.set() it.',
        )
      }
    },
  }
}

/** Returns the serializer's text of a value. Throws `ERR_VALUE`, which names the key, if there is none. */
function stringified(serializer: Serializer, key: string, value: unknown): string {
  const error = (fault: string, cause?: unknown): SessionError =>
    new SessionError(
      'ERR_VALUE',
      `set(${JSON.stringify(key)}): ${fault}.`,
      cause === undefined ? undefined : { cause },
    )
  if (value === undefined) throw error('there is no value. Delete the key instead')
  let text: unknown
  try {
    text = serializer.stringify(value)
  } catch (cause) {
    throw error('the serializer cannot store this value; see error.cause', cause)
  }
  if (typeof text === 'string' && text.isWellFormed()) return text
  const kind = isPromise(text) ? 'a promise' : typeof text
  throw error(`stringify() of the serializer returned ${kind} instead of well-formed text`)
}

/** True for a promise, whose rejection is then ignored. */
function isPromise(value: unknown): boolean {
  if (!(value instanceof Promise)) return false
  value.catch(() => undefined)
  return true
}
