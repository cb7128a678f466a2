import { SessionError } from './errors.ts'
import type { DataCodec } from './session/codec.ts'
import type { AnyData } from './session/data.ts'
import { checkedSize, deepFreeze, isStorable, JSON_CODEC } from './session/json.ts'

/** Turns values into text and back; devalue and superjson are two that fit. */
export interface Serializer {
  stringify(value: unknown): string
  parse(text: string): unknown
}

/** Marks what a serializer wrote, so that plain numbers stay countable in the store. No JSON text begins with it. */
const MARK = '~'

/**
 * A codec for values that JSON would change, such as Date and Map: `data: serialized(devalue)`. Plain numbers stay JSON,
 * so that `increment` can count them, and JSON that was stored before is read. Throws `ERR_OPTION` for an argument that has
 * no `stringify` and `parse`.
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

    // Freezing can't hold a Map or a Date.
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
