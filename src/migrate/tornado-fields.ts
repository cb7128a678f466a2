import type { Bytes } from '../codec/mac.ts'

/** The parts of a signed value in Tornado's format 2. */
interface Fields {
  readonly keyVersion: string
  readonly timestamp: string
  readonly name: Bytes
  readonly value: string
  /** Everything before the signature. */
  readonly signed: Bytes
  readonly signature: string
}

const COLON = 58
const PIPE = 124
/** The maximum number of digits of a length: no cookie has a million bytes. */
const MAX_DIGITS = 6

/**
 * Returns the fields of `2|`, four times `<bytes>:<field>|`, and the signature, or `undefined` if a length does not
 * match its field. The lengths make it unambiguous, whatever the name contains (`create_signed_value` in
 * tornado/web.py).
 */
export function fieldsOf(bytes: Bytes): Fields | undefined {
  const fields: Bytes[] = []
  let at = 2
  for (let count = 0; count < 4; count += 1) {
    const colon = bytes.indexOf(COLON, at)
    const length = colon < 0 ? undefined : lengthOf(bytes.subarray(at, colon))
    if (length === undefined) return undefined
    const end = colon + 1 + length
    if (bytes[end] !== PIPE) return undefined
    fields.push(bytes.subarray(colon + 1, end))
    at = end + 1
  }
  const [keyVersion = NONE, timestamp = NONE, name = NONE, value = NONE] = fields
  const text = (part: Bytes): string => new TextDecoder().decode(part)
  return {
    keyVersion: text(keyVersion),
    timestamp: text(timestamp),
    name,
    value: text(value),
    signed: bytes.subarray(0, at),
    signature: text(bytes.subarray(at)),
  }
}

const NONE: Bytes = new Uint8Array()

function lengthOf(digits: Bytes): number | undefined {
  const text = String.fromCharCode(...digits.subarray(0, MAX_DIGITS + 1))
  return /^\d{1,6}$/.test(text) ? Number(text) : undefined
}

/** True if two names are the same. They are not secret, so timing does not matter. */
export function isSame(one: Bytes, other: Bytes): boolean {
  return one.length === other.length && one.every((byte, index) => byte === other[index])
}
