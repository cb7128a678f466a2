import { decodeInteger, encodeInteger } from './base64url.ts'
import type { Keyring, SigningKey } from './keyring.ts'
import { type MacKey, sign, verify } from './mac.ts'
import { newRandomText } from './random.ts'

/** What a session's cookie says, once its MAC has been verified. Shared by requests. Times are milliseconds since 1970. */
export interface Token {
  /** Where the store finds the session; minted by the store, in base64url characters. */
  readonly handle: string
  /** What proves that this is the session's present token; of `newSecret`. The store keeps only its hash. */
  readonly secret: string
  readonly createdAt: number
  /** The last use that the cookie records: the store's own record may be later. */
  readonly usedAt: number
  /** What the store needs to know of what the holder has been shown; only the store knows what it means. */
  readonly bookmark?: number
}

export type RefusedToken = 'malformed' | 'unknown-key' | 'forged'

export type OpenedToken =
  | { readonly ok: true; readonly token: Token; readonly isNewestKey: boolean }
  | { readonly ok: false; readonly reason: RefusedToken }

/** The two forms of a value: without and with a bookmark. */
const PLAIN = '1'
const WITH_BOOKMARK = '2'
/** Characters of a time: 48 bits, enough for milliseconds until the year 10889. */
const TIME_LENGTH = 8
/** Where the parts of a body begin: creation and last use at 0, secret, bookmark if there is one, handle. */
const SECRET_AT = 2 * TIME_LENGTH
const SECRET_LENGTH = 32
const SECRET_END = SECRET_AT + SECRET_LENGTH
/** Characters of a bookmark, as many as of a time, so that the body stays the base64url text of whole bytes. */
const BOOKMARK_LENGTH = 8
/** Where the parts of a value begin, and how long its end is, with the dot before the MAC. */
const ID_AT = 2
const BODY_AT = 7
const MAC_LENGTH = 43
/** Where the part of a secret ends that renewals keep. */
const FAMILY_END = 8

/**
 * Version, key id, body, MAC. The handle has 64 characters at most, so that the cookie stays under 200 bytes and an
 * over-long value costs no MAC.
 */
const SHAPE = /^(?:1\.[\w-]{4}\.[\w-]{49,112}|2\.[\w-]{4}\.[\w-]{57,120})\.[\w-]{43}$/
/** With the shortest handle, and with the longest; a bookmark makes both longer. */
const MIN_LENGTH = BODY_AT + SECRET_END + 1 + 1 + MAC_LENGTH
const MAX_LENGTH = MIN_LENGTH + 63

/**
 * A token's secret: its family, 48 random bits that last until the next `regenerate()`, and 144 that each renewal
 * replaces.
 */
export function newSecret(): string {
  return newRandomText().slice(0, FAMILY_END) + newRandomText()
}

/** What renewing changes nothing about: the tokens of one family follow from each other. */
export function familyOf(secret: string): string {
  return secret.slice(0, FAMILY_END)
}

/**
 * The secret that follows this one, the same for all requests that renew the same token at the same time. Who has a
 * token, and not the key, learns nothing of the next.
 */
export async function renewedSecret(key: MacKey, secret: string): Promise<string> {
  const mac = await sign(key, secret)
  return familyOf(secret) + mac.slice(0, secret.length - FAMILY_END)
}

/**
 * The first secret of the session that is made for this handle, the same for all requests that make it. Who knows the handle,
 * and not the key, learns nothing of it.
 */
export async function secretFor(key: MacKey, handle: string): Promise<string> {
  return (await sign(key, handle)).slice(0, SECRET_LENGTH)
}

/** The cookie value for a token: base64url parts, and a MAC by the newest key over purpose, cookie name, key id and body. */
export async function signToken(
  keyring: Keyring,
  cookieName: string,
  token: Token,
): Promise<string> {
  const [{ id, key }] = keyring
  const { bookmark } = token
  const version = bookmark === undefined ? PLAIN : WITH_BOOKMARK
  const bookmarkText = bookmark === undefined ? '' : encodeInteger(bookmark, BOOKMARK_LENGTH)
  const times = encodeTime(token.createdAt) + encodeTime(token.usedAt)
  const signed = `${version}.${id}.${times}${token.secret}${bookmarkText}${token.handle}`
  return `${signed}.${await sign(key, macInput(cookieName, signed))}`
}

/**
 * Opens a cookie value. Nothing of it is read before its MAC has been verified, with the one key that its key id names. A
 * value that we did not sign, or signed for another cookie name, is refused with the reason; nothing is thrown. A value
 * that this isolate has verified before is opened at once.
 */
export function openToken(
  keyring: Keyring,
  cookieName: string,
  value: string,
): OpenedToken | Promise<OpenedToken> {
  // The MAC covers everything but its own place. The rest of the shape is looked at where the MAC is wrong.
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

/** A value whose MAC was right, and the cookie name that it was right for. */
interface Verified {
  readonly cookieName: string
  readonly token: Token
}

/**
 * The values that each key has verified in this isolate, so that a cookie in use is verified once; docs/decisions/018 says
 * why that tells an attacker nothing. Forged values never enter it, and a key that is retired takes its values along.
 */
const verified = new WeakMap<SigningKey, Map<string, Verified>>()

/** Some 400 bytes each. */
const MAX_VERIFIED = 1000

/** What an unverified value says: to be shown, never to be acted on. */
export interface UnverifiedToken {
  readonly form: number
  readonly keyId: string
  readonly token: Token
}

/** Reads a cookie value without its key; `undefined` where it is malformed. Anybody can have written it. */
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
  return {
    handle: body.slice(SECRET_END + (hasBookmark ? BOOKMARK_LENGTH : 0)),
    secret: body.slice(SECRET_AT, SECRET_END),
    createdAt: decodeInteger(body, 0, TIME_LENGTH),
    usedAt: decodeInteger(body, TIME_LENGTH, TIME_LENGTH),
    ...(hasBookmark && { bookmark: decodeInteger(body, SECRET_END, BOOKMARK_LENGTH) }),
  }
}

/** A cookie name has no space (RFC 6265 section 4.1.1), so no two inputs read alike. */
function macInput(cookieName: string, signed: string): string {
  return `session ${cookieName} ${signed}`
}

function encodeTime(milliseconds: number): string {
  return encodeInteger(milliseconds, TIME_LENGTH)
}
