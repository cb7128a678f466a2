import { SessionError } from '../errors.ts'
import { issuesWith } from '../schema/standard-schema.ts'
import type { SessionPort } from './port.ts'
import { decodeValue, encodeValue, isSerialized } from './value.ts'

const NONE: readonly never[] = []

/** One request's values: in and out of their stored texts. */
export class Values {
  readonly #port: Pick<SessionPort, 'id' | 'settings'>
  /** What a serializer made of a text: freezing can't hold a Map or a Date. */
  #serialized: readonly (readonly [value: unknown, text: string])[] = NONE

  constructor(port: Pick<SessionPort, 'id' | 'settings'>) {
    this.#port = port
  }

  encode(key: string, value: unknown): string {
    return encodeValue(key, value, this.#port.settings.serializer)
  }

  /** The frozen value of a text. A text that can't be read back counts as absent, and is reported. */
  decode(text: string | null): unknown {
    if (text === null) return undefined
    const { serializer, emit } = this.#port.settings
    try {
      const value = decodeValue(text, serializer)
      if (isSerialized(text)) {
        this.#serialized = [...this.#serialized, [value, this.encode('', value)]]
      }
      return value
    } catch {
      emit({ type: 'corrupt', id: this.#port.id })
      return undefined
    }
  }

  /** The stored form of a value of the dictionary. Throws `ERR_VALUE` where the schema refuses it. */
  encodeChecked(key: string, value: unknown): string {
    const text = this.encode(key, value)
    const issues = this.#issuesWith(key, value)
    if (issues === undefined) return text
    throw new SessionError(
      'ERR_VALUE',
      `set(${JSON.stringify(key)}): the schema refuses this value. Its own words, which may have the value in them, are in error.cause.`,
      { cause: issues },
    )
  }

  /** The value of a text of the dictionary. What the schema refuses counts as absent, and is reported. */
  decodeChecked(key: string, text: string | null): unknown {
    const value = this.decode(text)
    if (value === undefined || this.#issuesWith(key, value) === undefined) return value
    this.#port.settings.emit({ type: 'invalid', keys: [key], id: this.#port.id })
    return undefined
  }

  #issuesWith(key: string, value: unknown): unknown {
    const { schema } = this.#port.settings
    return schema && issuesWith(schema, key, value)
  }

  /** Throws `ERR_VALUE` when a value that was given out is no more what it was. */
  check(): void {
    if (this.#serialized.every(([value, text]) => this.encode('', value) === text)) return
    throw new SessionError(
      'ERR_VALUE',
      'A value from the session was changed in place, which stores nothing. Change a copy, and session.set() it.',
    )
  }
}
