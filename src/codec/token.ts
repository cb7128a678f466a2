import { decodeInteger, encodeInteger } from './base64url.ts'
import type { Keyring, SigningKey } from './keyring.ts'
import { type MacKey, sign, verify } from './mac.ts'
import { newRandomText } from './random.ts'

/** The content of a session's cookie, after its MAC is verified. Shared by requests. Times are milliseconds since 1970. */
export interface Token {
  /** The store's key for the session, made by the store, in base64url characters. */
  readonly handle: string
  /** Proves that this is the session's current token. Made by `newSecret`. The store keeps only its hash. */
  readonly secret: string
  readonly createdAt: number
  /** True if the session has timeouts of its own, which only the store knows. */
  readonly isRemembered?: boolean
  /** The last use recorded in the cookie. The store may have a later one. */
  readonly usedAt: number
  /** The store's note of the last state that the holder has seen. Only the store interprets it. */
  readonly bookmark?: number
}

export type RefusedToken = 'malformed' | 'unknown-key' | 'forged'

export type OpenedToken =
  | { readonly ok: true; readonly token: Token; readonly isNewestKey: boolean }
  | { readonly ok: false; readonly reason: RefusedToken }

/** The two formats of a value: without and with a bookmark. */
const PLAIN = '1'
const WITH_BOOKMARK = '2'
/** The length of a time: 48 bits. */
const TIME_LENGTH = 8
/**
 * Added to the creation time of a remembered session: the first of its 48 bits, which no time needs until the year
 * 6429. An older version of the Worker reads it as a recent token, and lets the store decide.
 */
const REMEMBERED = 2 ** 47
/** The offsets of a body's parts: creation and last use at 0, secret, optional bookmark, handle. */
const SECRET_AT = 2 * TIME_LENGTH
const SECRET_LENGTH = 32
const SECRET_END = SECRET_AT + SECRET_LENGTH
/** The length of a bookmark, the same as of a time, so that the body is the base64url text of whole bytes. */
const BOOKMARK_LENGTH = 8
/** The offsets of a value's parts, and the length of its MAC, without the dot before it. */
const ID_AT = 2
const BODY_AT = 7
const MAC_LENGTH = 43
/** The length of the part of a secret that renewals keep. */
const FAMILY_END = 8

/**
 * Version, key id, body, MAC. A handle has at most 64 characters. The cookie therefore stays under 200 bytes, and no
 * MAC is computed for a longer value.
 */
const SHAPE = /^(?:1\.[\w-]{4}\.[\w-]{49,112}|2\.[\w-]{4}\.[\w-]{57,120})\.[\w-]{43}$/
/** The lengths with the shortest and the longest handle. A bookmark makes both longer. */
const MIN_LENGTH = BODY_AT + SECRET_END + 1 + 1 + MAC_LENGTH
const MAX_LENGTH = MIN_LENGTH + 63

/**
 * Returns a token's secret: its family, 48 random bits that last until the next `regenerate()`, and 144 bits that each
 * renewal replaces.
 */
export function newSecret(): string {
  return newRandomText().slice(0, FAMILY_END) + newRandomText()
}

/** Returns the part of a secret that renewals keep. Tokens of one family follow from each other. */
export function familyOf(secret: string): string {
  return secret.slice(0, FAMILY_END)
}

/**
 * Returns the secret that replaces this one, the same for all requests that renew the same token at the same time. It
 * cannot be derived from a token without the key.
 */
export async function renewedSecret(key: MacKey, secret: string): Promise<string> {
  const mac = await sign(key, secret)
  return familyOf(secret) + mac.slice(0, secret.length - FAMILY_END)
}

/**
 * Returns the first secret of the session for this handle, the same for all requests that create it. It cannot be
 * derived from the handle without the key.
 */
export async function secretFor(key: MacKey, handle: string): Promise<string> {
  return (await sign(key, handle)).slice(0, SECRET_LENGTH)
}

/**
 * Returns the cookie value for a token: base64url parts, and a MAC by the newest key over purpose, cookie name, key id
 * and body.
 */
export async function signToken(
  keyring: Keyring,
  cookieName: string,
  token: Token,
): Promise<string> {
  const [{ id, key }] = keyring
  const { bookmark, createdAt, isRemembered = false } = token
  const version = bookmark === undefined ? PLAIN : WITH_BOOKMARK
  const bookmarkText = bookmark === undefined ? '' : encodeInteger(bookmark, BOOKMARK_LENGTH)
  const begun = encodeTime(createdAt + (isRemembered ? REMEMBERED : 0))
  const times = begun + encodeTime(token.usedAt)
  const signed = `${version}.${id}.${times}${token.secret}${bookmarkText}${token.handle}`
  return `${signed}.${await sign(key, macInput(cookieName, signed))}`
}

/**
 * Opens a cookie value. Its content is read only after the MAC is verified with the key that its key id names. A value
 * that we did not sign, or that we signed for another cookie name, is refused with the reason. Does not throw. A value
 * that this isolate has already verified is opened immediately.
 */
export function openToken(
  keyring: Keyring,
  cookieName: string,
  value: string,
): OpenedToken | Promise<OpenedToken> {
  // The MAC covers everything else. The rest of the format is only checked if the MAC is wrong.
  const length = value.length - (value.startsWith(WITH_BOOKMARK) ? BOOKMARK_LENGTH : 0)
  if (length < MIN_LENGTH || length > MAX_LENGTH || value.at(-MAC_LENGTH - 1) !== '.')
    return refused('malformed')
  const id = value.slice(ID_AT, BODY_AT - 1)
  const signingKey = keyring.find((candidate) => candidate.id === id)
  if (signingKey === undefined) return refusedAs(value, 'unknown-key')
  const isNewestKey = signingKey === keyring[0]
  const known = verified.get(signingKey)?.get(value)
  return known?.cookieName === cookieName
    ? { ok: true, token: known.token, isNewestKey }
    : verifiedToken(signingKey, isNewestKey, { cookieName, value })
}

async function verifiedToken(
  signingKey: SigningKey,
  isNewestKey: boolean,
  { cookieName, value }: Pick<Verified, 'cookieName'> & { readonly value: string },
): Promise<OpenedToken> {
  const signed = value.slice(0, -MAC_LENGTH - 1)
  if (!(await verify(signingKey.key, value.slice(-MAC_LENGTH), macInput(cookieName, signed)))) {
    return refusedAs(value, 'forged')
  }
  const token = Object.freeze(tokenOf(signed.slice(BODY_AT), value.startsWith(WITH_BOOKMARK)))
  let known = verified.get(signingKey)
  if (known === undefined || known.size >= MAX_VERIFIED) {
    known = new Map()
    verified.set(signingKey, known)
  }
  known.set(value, { cookieName, token })
  return { ok: true, token, isNewestKey }
}

/** The token of a verified value, and the cookie name that it is valid for. */
interface Verified {
  readonly cookieName: string
  readonly token: Token
}

/**
 * The values that each key has verified in this isolate, so that a cookie in use is verified once. docs/decisions/018
 * explains why that reveals nothing to an attacker. Forged values are never stored. The values of a retired key are
 * freed with it.
 */
const verified = new WeakMap<SigningKey, Map<string, Verified>>()

/** About 400 bytes each. */
const MAX_VERIFIED = 1000

/** The content of an unverified value, for display only. Do not rely on it. */
export interface UnverifiedToken {
  readonly form: number
  readonly keyId: string
  readonly token: Token
}

/** Reads a cookie value without its key. Returns `undefined` if it is malformed. Anyone could have written it. */
export function unverifiedToken(value: string): UnverifiedToken | undefined {
  if (!SHAPE.test(value)) return undefined
  const body = value.slice(BODY_AT, -MAC_LENGTH - 1)
  return {
    form: Number(value.slice(0, 1)),
    keyId: value.slice(ID_AT, BODY_AT - 1),
    token: tokenOf(body, value.startsWith(WITH_BOOKMARK)),
  }
}

function refusedAs(value: string, reason: RefusedToken): OpenedToken {
  return refused(SHAPE.test(value) ? reason : 'malformed')
}

function refused(reason: RefusedToken): OpenedToken {
  return { ok: false, reason }
}

function tokenOf(body: string, hasBookmark: boolean): Token {
  const begun = decodeInteger(body, 0, TIME_LENGTH)
  const isRemembered = begun >= REMEMBERED
  return {
    handle: body.slice(SECRET_END + (hasBookmark ? BOOKMARK_LENGTH : 0)),
    secret: body.slice(SECRET_AT, SECRET_END),
    createdAt: begun % REMEMBERED,
    ...(isRemembered && { isRemembered }),
    usedAt: decodeInteger(body, TIME_LENGTH, TIME_LENGTH),
    ...(hasBookmark && { bookmark: decodeInteger(body, SECRET_END, BOOKMARK_LENGTH) }),
  }
}

/**
 * Returns the MAC's input. A cookie name cannot contain a space (RFC 6265 section 4.1.1), so no two inputs are the
 * same.
 */
function macInput(cookieName: string, signed: string): string {
  return `session ${cookieName} ${signed}`
}

function encodeTime(milliseconds: number): string {
  return encodeInteger(milliseconds, TIME_LENGTH)
}
