import { readCookies } from '../src/codec/cookie.ts'
import { importKeyring, type Keyring } from '../src/codec/keyring.ts'
import { openToken, type RefusedToken, type Token } from '../src/codec/token.ts'

/** The parts of a token, in order. */
const PARTS = ['version', 'key', 'created', 'used', 'secret', 'revision', 'handle', 'mac'] as const
export type TokenPart = (typeof PARTS)[number]

/** The parts of a token. The secret and most of the MAC are hidden, so that no one can copy a token from the page. */
export interface TokenView {
  readonly parts: readonly { readonly part: TokenPart; readonly text: string }[]
  readonly verdict: TokenVerdict
}

/** Whether the MAC is valid, and if so, the token's content, and whether the newest secret signed it. */
export type TokenVerdict =
  | { readonly ok: true; readonly token: Omit<Token, 'secret'>; readonly isNewestKey: boolean }
  | { readonly ok: false; readonly reason: RefusedToken }

/** Parses tokens of one cookie name. */
export class TokenReader {
  readonly #cookieName: string
  readonly #keyrings = new Map<string, Keyring>()

  constructor(cookieName: string) {
    this.#cookieName = cookieName
  }

  /** Returns the request's token, or `undefined`. */
  valueOf(request: Request): string | undefined {
    return readCookies(request.headers.get('Cookie'), this.#cookieName)[0]
  }

  /** Returns the parts of the request's token, or `undefined` if there is none. */
  async view(secret: string, request: Request): Promise<TokenView | undefined> {
    const value = this.valueOf(request)
    if (value === undefined) return undefined
    const parts = partsOf(value).map(({ part, text }) => ({ part, text: masked(part, text) }))
    return { parts, verdict: await this.verdict(secret, value) }
  }

  /** Returns the library's verdict on a token. */
  async verdict(secret: string, value: string): Promise<TokenVerdict> {
    const opened = await openToken(await this.#keyring(secret), this.#cookieName, value)
    if (!opened.ok) return opened
    const { secret: _, ...token } = opened.token
    return { ok: true, token, isNewestKey: opened.isNewestKey }
  }

  async #keyring(secret: string): Promise<Keyring> {
    const known = this.#keyrings.get(secret)
    if (known !== undefined) return known
    const keyring = await importKeyring([secret])
    this.#keyrings.set(secret, keyring)
    return keyring
  }
}

/** Returns the token with one character of one part changed, or `undefined` if it does not have that part. */
export function tampered(value: string, name: string): string | undefined {
  const parts = partsOf(value)
  const index = parts.findIndex(({ part }) => part === name)
  const { text = '', end = 0 } = parts[index] ?? {}
  if (text === '') return undefined
  const at = end - text.length
  return value.slice(0, at) + (value[at] === 'A' ? 'B' : 'A') + value.slice(at + 1)
}

/** Returns the names of a token's parts, in order. */
export function partNames(value: string): readonly TokenPart[] {
  return partsOf(value).map(({ part }) => part)
}

/** Returns a value's parts by position alone, even if it is not a token. */
function partsOf(value: string): { part: TokenPart; text: string; end: number }[] {
  const [version = '', key = '', body = '', mac = ''] = value.split('.')
  const revisionLength = version === '2' ? 8 : 0
  const texts: Record<TokenPart, string> = {
    version,
    key,
    created: body.slice(0, 8),
    used: body.slice(8, 16),
    secret: body.slice(16, 48),
    revision: body.slice(48, 48 + revisionLength),
    handle: body.slice(48 + revisionLength),
    mac,
  }
  let end = 0
  return PARTS.map((part) => {
    const dot = part === 'key' || part === 'created' || part === 'mac' ? 1 : 0
    end += dot + texts[part].length
    return { part, text: texts[part], end }
  }).filter(({ text }) => text !== '')
}

function masked(part: TokenPart, text: string): string {
  if (part === 'secret') return '•'.repeat(text.length)
  return part === 'mac' ? text.slice(0, 6) + '•'.repeat(Math.max(0, text.length - 6)) : text
}
