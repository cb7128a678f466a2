import { decodeBase64url } from '../codec/base64url.ts'
import { isDictionary } from '../record/meta.ts'
import type { DeviceKey } from '../record/store.ts'
import type { RequestLike } from '../request/request-like.ts'

export type Algorithm = DeviceKey['alg']

/** A received proof. Its signature is not verified yet. */
export interface Proof {
  readonly alg: Algorithm
  /** The challenge that it signs. */
  readonly challenge: unknown
  /** The key in a registration. A refresh has none. */
  readonly key: DeviceKey | undefined
  /** The signed text, and its signature as base64url. */
  readonly text: string
  readonly signature: string
}

/** More than twice the size of a proof with an RSA key of 4,096 bits. */
const MAX_CHARACTERS = 8192

/** The header of a proof. */
export const PROOF_HEADER = 'secure-session-response'

/**
 * Returns the proof in a request's header: a compact JWS (RFC 7515) with `typ` `dbsc+jwt`, one of these algorithms, a
 * `jwk` only in a registration, and an `aud` that is absent or this address (W3C: Device Bound Session Credentials).
 * Returns `undefined` for anything else. Does not verify the signature.
 */
export function parseProof(
  { headers, url }: RequestLike,
  algorithms: readonly Algorithm[],
  isRegistration: boolean,
): Proof | undefined {
  const [head, body, signature] = partsOf(unquoted(headers.get(PROOF_HEADER)))
  const { typ, alg, jwk, crit } = dictionaryIn(head)
  const { jti, aud = url } = dictionaryIn(body)
  const found = algorithms.find((each) => each === alg)
  if (found === undefined || typ !== 'dbsc+jwt' || crit !== undefined || aud !== url)
    return undefined
  const key = keyOf(found, jwk)
  // A refresh must not include a key.
  if (isRegistration ? key === undefined : jwk !== undefined) return undefined
  return { alg: found, challenge: jti, key, text: `${head}.${body}`, signature }
}

/** Header, payload and signature, as base64url without padding (RFC 7515 section 7.1). */
const COMPACT = /^([\w-]+)\.([\w-]+)\.([\w-]+)$/

/** Returns the header, payload and signature of a compact JWS, or empty texts for anything else. */
function partsOf(jws: string): [head: string, body: string, signature: string] {
  const [, head = '', body = '', signature = ''] =
    (jws.length <= MAX_CHARACTERS && COMPACT.exec(jws)) || []
  return [head, body, signature]
}

/** Returns the value of a header that is a structured string (RFC 9651), or an unquoted one as sent by Chromium 156. */
export function unquoted(header: string | null): string {
  const text = header ?? ''
  return /^"[^"\\]*"$/.test(text) ? text.slice(1, -1) : text
}

function dictionaryIn(part: string): Readonly<Record<string, unknown>> {
  try {
    const text = new TextDecoder('utf-8', { fatal: true, ignoreBOM: true }).decode(
      decodeBase64url(part),
    )
    const value: unknown = JSON.parse(text)
    return isDictionary(value) ? value : {}
  } catch {
    return {}
  }
}

/** The base64url lengths of 256 bits, and of 2,048 to 4,096 bits. */
const COORDINATE = /^[\w-]{43}$/
const MODULUS = /^[\w-]{342,683}$/

/** Returns a public key reduced to its required members, or `undefined` if it is not a key for this algorithm. */
function keyOf(alg: Algorithm, jwk: unknown): DeviceKey | undefined {
  const { kty, crv, x, y, n, e } = Object(jwk) as Readonly<Record<string, unknown>>
  const is = (shape: RegExp, value: unknown): value is string =>
    typeof value === 'string' && shape.test(value)
  if (alg === 'ES256') {
    const isOnCurve = kty === 'EC' && crv === 'P-256' && is(COORDINATE, x) && is(COORDINATE, y)
    return isOnCurve ? { alg, x, y } : undefined
  }
  return kty === 'RSA' && is(MODULUS, n) && e === 'AQAB' ? { alg, n, e } : undefined
}

const EC = { name: 'ECDSA', namedCurve: 'P-256', hash: 'SHA-256' }
const RSA = { name: 'RSASSA-PKCS1-v1_5', hash: 'SHA-256' }

/** True if this key signed the text. False also for a key or signature that Web Crypto does not accept. */
export async function isSignedBy(
  key: DeviceKey,
  { alg, text, signature }: Pick<Proof, 'text' | 'signature'> & { readonly alg: string },
): Promise<boolean> {
  // The key determines the algorithm.
  if (key.alg !== alg) return false
  const [algorithm, kty] = key.alg === 'ES256' ? [EC, 'EC'] : [RSA, 'RSA']
  const { alg: _, ...members } = key
  try {
    const jwk = { kty, crv: 'P-256', ...members }
    const imported = await crypto.subtle.importKey('jwk', jwk, algorithm, false, ['verify'])
    const bytes = new TextEncoder().encode(text)
    return await crypto.subtle.verify(algorithm, imported, decodeBase64url(signature), bytes)
  } catch {
    return false
  }
}
