import { readCookies } from '../src/codec/cookie.ts'
import { importKeyring, type Keyring } from '../src/codec/keyring.ts'
import { openToken, type RefusedToken, type Token } from '../src/codec/token.ts'

/** What a token is made of, in its order. */
const PARTS = ['version', 'key', 'created', 'used', 'secret', 'revision', 'handle', 'mac'] as const
export type TokenPart = (typeof PARTS)[number]

/** A token taken apart. The secret is hidden, and most of the MAC: the page is no place to copy a token from. */
export interface TokenView {
  readonly parts: readonly { readonly part: TokenPart; readonly text: string }[]
  readonly verdict: TokenVerdict
}

/** Whether the MAC is right; if so, what the token says and whether the newest secret has signed it. */
export type TokenVerdict =
  | { readonly ok: true; readonly token: Omit<Token, 'secret'>; readonly isNewestKey: boolean }
  | { readonly ok: false; readonly reason: RefusedToken }

/** Takes tokens apart that came under one cookie name. */
export class TokenReader {
  readonly #cookieName: string
  readonly #keyrings = new Map<string, Keyring>()

  constructor(cookieName: string) {
    this.#cookieName = cookieName
  }

  /** The token that a request came with, or `undefined`. */
  valueOf(request: Request): string | undefined {
    return readCookies(request.headers.get('Cookie'), this.#cookieName)[0]
  }

  /** The token that a request came with, taken apart; `undefined` where there is none. */
  async view(secret: string, request: Request): Promise<TokenView | undefined> {
    const value = this.valueOf(request)
    if (value === undefined) return undefined
    const parts = partsOf(value).map(({ part, text }) => ({ part, text: masked(part, text) }))
    return { parts, verdict: await this.verdict(secret, value) }
  }

  /** What the library says of a token. */
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

/** The same token with one character of one part changed; `undefined` where the part is not there. */
export function tampered(value: string, name: string): string | undefined {
  const parts = partsOf(value)
  const index = parts.findIndex(({ part }) => part === name)
  const { text = '', end = 0 } = parts[index] ?? {}
  if (text === '') return undefined
  const at = end - text.length
  return value.slice(0, at) + (value[at] === 'A' ? 'B' : 'A') + value.slice(at + 1)
}

/** The names of a token's parts, in their order. */
export function partNames(value: string): readonly TokenPart[] {
  return partsOf(value).map(({ part }) => part)
}

/** A value's parts by their places alone, whether it is a token or not. */
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
