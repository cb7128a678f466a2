import type { Deviation } from './soft-device.ts'

/** Why a proof is refused: by what it says, by its challenge, or by its signature. */
export type Wrong = 'proof' | 'challenge' | 'key'

/** A proof, by its name. */
export type NamedProof = readonly [name: string, deviation: Deviation, wrong: Wrong]

/** Wrong members of the header, for a device that may use ES256 only. */
const HEADERS: Readonly<Record<string, Readonly<Record<string, unknown>>>> = {
  'no typ': { typ: undefined },
  'the typ of another token': { typ: 'JWT' },
  'a typ in upper case': { typ: 'DBSC+JWT' },
  'a typ that is a list': { typ: ['dbsc+jwt'] },
  'no alg': { alg: undefined },
  'an alg that is null': { alg: null },
  'an alg of none': { alg: 'none' },
  'an alg of HS256': { alg: 'HS256' },
  'an alg of ES384': { alg: 'ES384' },
  'an alg in lower case': { alg: 'es256' },
  'an alg that is a list': { alg: ['ES256'] },
  'an alg that the options leave out': { alg: 'RS256' },
  'an alg of PS256': { alg: 'PS256' },
  'a critical extension': { crit: ['exp'], exp: 0 },
  'an empty list of critical extensions': { crit: [] },
  'critical extensions that are null': { crit: null },
}

const ORIGIN = 'https://app.example'

/** Wrong members of the payload. */
const CHALLENGES: Readonly<Record<string, Readonly<Record<string, unknown>>>> = {
  'no jti': { jti: undefined },
  'a jti that is null': { jti: null },
  'an empty jti': { jti: '' },
  'a jti that is a number': { jti: 1 },
  'a jti that is an object': { jti: {} },
  'a jti that is not ours': { jti: 'fOuDNe_4_v9QHi978u-rmegTwfRrg25K' },
  'a jti in the shape of ours': { jti: `${'A'.repeat(43)}.abcdefgh.${'A'.repeat(43)}` },
}

const AUDIENCES: Readonly<Record<string, Readonly<Record<string, unknown>>>> = {
  'an aud of another path': { aud: `${ORIGIN}/` },
  'an aud of another site': { aud: 'https://evil.example/dbsc/refresh' },
  'an aud that is the origin': { aud: ORIGIN },
  'an empty aud': { aud: '' },
  'an aud that is null': { aud: null },
  'an aud that is a list': {
    aud: [`${ORIGIN}/dbsc/register`, `${ORIGIN}/dbsc/refresh`],
  },
}

/** Texts that are no proof, made from a right one. */
const TEXTS: Readonly<Record<string, (jws: string) => string>> = {
  'no text': () => '',
  'a word': () => 'proof',
  'one part': (jws) => jws.split('.')[0] ?? '',
  'two parts': (jws) => jws.split('.').slice(0, 2).join('.'),
  'two parts and a dot': (jws) => `${jws.split('.').slice(0, 2).join('.')}.`,
  'four parts': (jws) => `${jws}.AAAA`,
  'a dot at its end': (jws) => `${jws}.`,
  'no header': (jws) => jws.replace(/^[^.]*/, ''),
  'no payload': (jws) => jws.replace(/\.[^.]*\./, '..'),
  'a header that is not base64url': (jws) => `*${jws}`,
  'a payload that is not base64url': (jws) => jws.replace('.', '.='),
  'a header that is not JSON': (jws) => jws.replace(/^[^.]*/, encoded('dbsc')),
  'a header that is a list': (jws) => jws.replace(/^[^.]*/, encoded('[{}]')),
  'a signature that is not base64url': (jws) => jws.replace(/.$/, '*'),
  'a signature with padding': (jws) => `${jws}==`,
  'one quote': (jws) => `"${jws}`,
  'quotes with a parameter': (jws) => `"${jws}";a=1`,
  'quotes in quotes': (jws) => `""${jws}""`,
  'a scheme': (jws) => `Bearer ${jws}`,
  'a second one': (jws) => `${jws}, ${jws}`,
  'another form of JWS': (jws) => {
    const [header, payload, signature] = jws.split('.')
    return JSON.stringify({ protected: header, payload, signature })
  },
}

/** Texts with a payload that has no challenge. */
const PAYLOADS: Readonly<Record<string, (jws: string) => string>> = {
  'a payload that is null': (jws) => jws.replace(/\.[^.]*\./, `.${encoded('null')}.`),
  'a payload in broken UTF-8': (jws) => jws.replace(/\.[^.]*\./, `.${encoded('{"jti":"\xFF"}')}.`),
}

/** Texts whose signature is wrong. */
const SIGNATURES: Readonly<Record<string, (jws: string) => string>> = {
  'a payload that was changed': (jws) =>
    jws.replace(/\.[^.]*\./, (part) => `.${encoded(` ${atob(base64(part))}`)}.`),
  'a signature that was cut': (jws) => jws.slice(0, -2),
  'a signature with more bytes': (jws) => `${jws}AA`,
  'a signature with another bit': (jws) =>
    jws.replace(/.(.{40})$/, (end) => `${end.startsWith('A') ? 'B' : 'A'}${end.slice(1)}`),
  'a signature of zeros': (jws) => jws.replace(/[^.]*$/, 'A'.repeat(86)),
  'a signature in DER': (jws) => jws.replace(/[^.]*$/, inDer),
}

/** Proofs that neither endpoint accepts, whoever signs them. */
export const WRONG_PROOFS: readonly NamedProof[] = [
  ...Object.entries(HEADERS).map(([name, header]) => [name, { header }, 'proof'] as const),
  ...Object.entries(AUDIENCES).map(([name, payload]) => [name, { payload }, 'proof'] as const),
  ...Object.entries(TEXTS).map(([name, text]) => [name, { text }, 'proof'] as const),
  ...Object.entries(CHALLENGES).map(([name, payload]) => [name, { payload }, 'challenge'] as const),
  ...Object.entries(PAYLOADS).map(([name, text]) => [name, { text }, 'challenge'] as const),
  ...Object.entries(SIGNATURES).map(([name, text]) => [name, { text }, 'key'] as const),
  ['no signature, and an alg of none', { header: { alg: 'none' }, text: unsigned }, 'proof'],
  ['8,193 characters', { text: (jws) => jws.padEnd(8193, 'A') }, 'proof'],
  ['a large payload', { payload: { sub: 'a'.repeat(8192) } }, 'proof'],
]

/** Proofs in forms that are accepted. */
export const RIGHT_PROOFS: Readonly<Record<string, Deviation>> = {
  'as Chromium 156 sends it': {},
  'in quotes, as the standard says': { text: (jws) => `"${jws}"` },
  'with members that say nothing to us': { header: { kid: '1' }, payload: { iat: 1, sub: 'a' } },
  'of a few thousand characters': { payload: { sub: 'a'.repeat(5000) } },
}

function unsigned(jws: string): string {
  return jws.replace(/[^.]*$/, '')
}

function encoded(bytes: string): string {
  return btoa(bytes).replaceAll('+', '-').replaceAll('/', '_').replace(/=+$/, '')
}

function base64(part: string): string {
  return part.replaceAll('.', '').replaceAll('-', '+').replaceAll('_', '/')
}

/** Returns a signature in the form of X.509 (RFC 3279), and not of JWS (RFC 7518). */
function inDer(signature: string): string {
  const bytes = Array.from(atob(base64(signature)), (character) => character.charCodeAt(0))
  const integer = (part: readonly number[]): number[] => {
    const whole = (part[0] ?? 0) > 127 ? [0, ...part] : [...part]
    return [2, whole.length, ...whole]
  }
  const both = [...integer(bytes.slice(0, 32)), ...integer(bytes.slice(32))]
  return encoded(String.fromCodePoint(0x30, both.length, ...both))
}
