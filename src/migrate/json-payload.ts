import { decodeBase64url } from '../codec/base64url.ts'
import type { Bytes } from '../codec/mac.ts'
import { textOf } from './mac-key.ts'
import { parsePythonJson } from './python-json.ts'

/** The maximum size of a decompressed payload: enough for a session's data, and small enough for an isolate. */
const MAX_BYTES = 8_000_000

/**
 * Returns the value of a payload that Django or itsdangerous wrote: base64url JSON, after a dot if it is compressed
 * (zlib, RFC 1950). Returns `undefined` for anything else. Call it only after verifying the signature. Numbers are read
 * as by `parsePythonJson`.
 */
export async function jsonOfPayload(payload: string): Promise<unknown> {
  const isCompressed = payload.startsWith('.')
  const text = isCompressed ? payload.slice(1) : payload
  if (!/^[\w-]*$/.test(text) || text.length % 4 === 1) return undefined
  try {
    const bytes = decodeBase64url(text)
    return parsePythonJson(textOf(isCompressed ? await inflated(bytes) : bytes) ?? '')
  } catch {
    return undefined
  }
}

async function inflated(bytes: Bytes): Promise<Uint8Array> {
  const chunks: Uint8Array[] = []
  let length = 0
  const stream = new Blob([bytes]).stream().pipeThrough(new DecompressionStream('deflate'))
  for await (const chunk of stream) {
    length += chunk.length
    if (length > MAX_BYTES) throw new RangeError('The payload is too large.')
    chunks.push(chunk)
  }
  const whole = new Uint8Array(length)
  let at = 0
  for (const chunk of chunks) {
    whole.set(chunk, at)
    at += chunk.length
  }
  return whole
}
