import { SessionError } from '../errors.ts'
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

  /** Throws `ERR_VALUE` when a value that was given out is no more what it was. */
  check(): void {
    if (this.#serialized.every(([value, text]) => this.encode('', value) === text)) return
    throw new SessionError(
      'ERR_VALUE',
      'A value from the session was changed in place, which stores nothing. Change a copy, and session.set() it.',
    )
  }
}
