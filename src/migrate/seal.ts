import { decodeBase64url } from '../codec/base64url.ts'
import { verify } from '../codec/mac.ts'
import { SessionError } from '../errors.ts'
import { objectOfJson } from './data-cookie.ts'
import { bytesOf, textOf } from './mac-key.ts'

/** More than any browser sends: a Worker's request has at most 128 KB of headers. */
const MAX_CHARACTERS = 131_072
/** iron's `timestampSkewSec`: a seal is accepted for this long after it expires. */
const SKEW_SECONDS = 60
const SEAL =
  /^(?<signed>Fe26\.2\*(?<id>\w*)\*(?<salt>[\w-]*)\*(?<iv>[\w-]+)\*(?<encrypted>[\w-]+)\*(?<end>\d{0,16}))\*(?<macSalt>[\w-]*)\*(?<mac>[\w-]{43})$/

/** The parts of a seal as text. */
interface SealParts {
  /** The text that the MAC covers: everything before its salt. */
  readonly signed: string
  readonly id: string
  readonly salt: string
  readonly iv: string
  readonly encrypted: string
  /** In milliseconds since 1970. Empty if it never expires. */
  readonly end: string
  readonly macSalt: string
  readonly mac: string
}

export interface SealRules {
  /** Returns the passwords to try for a seal with this id, or none for an unknown id. */
  readonly passwordsFor: (id: string) => readonly string[]
  /** The PBKDF2 iterations to try. A seal cannot ask for others. */
  readonly iterations: readonly number[]
  /** The clock, in seconds since 1970. */
  readonly now: number
}

/** The content of a genuine seal. */
export interface Unsealed {
  readonly data: object
  /** The text that the MAC covers. It is random, and only one spelling is accepted. */
  readonly signed: string
}

/**
 * Returns the same as iron's `unseal` for a seal of version 2 (`Fe26.2*…`, from the packages @hapi/iron and
 * iron-webcrypto) that contains an object. Returns `undefined` where that throws, and for anything but an object. Uses
 * AES-256-CBC and HMAC-SHA-256, with keys by PBKDF2. The MAC is verified before anything is decrypted. Only one
 * spelling of the MAC is accepted. Throws `ERR_SECRET` for a missing or empty password.
 */
export async function unseal(text: string, rules: SealRules): Promise<Unsealed | undefined> {
  const parts = partsOf(text)
  if (parts === undefined || !isInTime(parts, rules.now)) return undefined
  const { signed, id, salt, macSalt, mac } = parts
  const passwords = rules.passwordsFor(id).map(passwordText)
  const source = await sourceOf(passwords, rules.iterations, async (candidate) =>
    verify(await keyFor({ ...candidate, salt: macSalt }, HMAC), mac, signed),
  )
  if (source === undefined) return undefined
  const data = objectOfJson(await decrypted(await keyFor({ ...source, salt }, AES), parts))
  return data && { data, signed }
}

function partsOf(text: string): SealParts | undefined {
  const match = text.length > MAX_CHARACTERS ? null : SEAL.exec(text)
  return match?.groups as SealParts | undefined
}

/** Returns the first password that made the seal, with its iterations. */
async function sourceOf(
  passwords: readonly string[],
  counts: readonly number[],
  isIt: (source: Omit<KeySource, 'salt'>) => Promise<boolean>,
): Promise<Omit<KeySource, 'salt'> | undefined> {
  for (const password of passwords) {
    for (const iterations of counts) {
      // In sequence, since the first one usually verifies.
      // oxlint-disable-next-line no-await-in-loop
      if (await isIt({ password, iterations })) return { password, iterations }
    }
  }
  return undefined
}

function isInTime({ end }: SealParts, now: number): boolean {
  return end === '' || Number(end) > (now - SKEW_SECONDS) * 1000
}

function passwordText(password: unknown): string {
  if (typeof password === 'string' && password !== '') return password
  throw new SessionError(
    'ERR_SECRET',
    'The old password is missing or empty. Use the one that sealed the old cookies.',
  )
}

type Key = Awaited<ReturnType<typeof crypto.subtle.importKey>>

interface KeyPurpose {
  readonly algorithm: { readonly name: string; readonly hash?: string; readonly length: number }
  readonly usage: 'verify' | 'decrypt'
}

const HMAC: KeyPurpose = {
  algorithm: { name: 'HMAC', hash: 'SHA-256', length: 256 },
  usage: 'verify',
}
const AES: KeyPurpose = { algorithm: { name: 'AES-CBC', length: 256 }, usage: 'decrypt' }

/** The input of a key derivation. */
interface KeySource {
  readonly password: string
  readonly iterations: number
  readonly salt: string
}

async function keyFor(
  { password, iterations, salt }: KeySource,
  { algorithm, usage }: KeyPurpose,
): Promise<Key> {
  const raw = bytesOf(password)
  const base = await crypto.subtle.importKey('raw', raw, 'PBKDF2', false, ['deriveKey'])
  const pbkdf2 = { name: 'PBKDF2', hash: 'SHA-1', salt: bytesOf(salt), iterations }
  return crypto.subtle.deriveKey(pbkdf2, base, algorithm, false, [usage])
}

/** Returns the decrypted text, or `undefined` if it cannot be decrypted or is not UTF-8. */
async function decrypted(key: Key, { iv, encrypted }: SealParts): Promise<string | undefined> {
  try {
    const algorithm = { name: 'AES-CBC', iv: decodeBase64url(iv) }
    const bytes = await crypto.subtle.decrypt(algorithm, key, decodeBase64url(encrypted))
    return textOf(new Uint8Array(bytes))
  } catch {
    return undefined
  }
}
