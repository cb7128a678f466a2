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
 * stay JSON, so that `increment` can count them. JSON that was stored before is still read. Throws `ERR_OPTION` for an
 * argument without `stringify` and `parse`.
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
    return checkedSize(key, MARK + serializer.stringify(value))
  }

  return {
    codec: 'serialized',
    encode,
    decode: (text) =>
      text.startsWith(MARK)
        ? deepFreeze(serializer.parse(text.slice(MARK.length)))
        : JSON_CODEC.decode(text),

    thaw: (text) =>
      text.startsWith(MARK) ? serializer.parse(text.slice(MARK.length)) : JSON.parse(text),

    // Freezing does not protect a Map or a Date.
    watch(text, value) {
      if (!text.startsWith(MARK)) return undefined
      const before = encode('', value)
      return () => {
        if (encode('', value) === before) return
        throw new SessionError(
          'ERR_VALUE',
          'A value from the session was changed in place, which stores nothing. Change a copy, and session.set() it.',
        )
      }
    },
  }
}
