import type { Keyring } from '../codec/keyring.ts'
import { sign, verify } from '../codec/mac.ts'

/** What a text is for. One for another purpose is not accepted. */
type Purpose = 'register' | 'refresh' | 'cookie'

/** What a signed text is about. */
export interface Subject {
  readonly keyring: Keyring
  readonly settings: { readonly cookie: { readonly name: string } }
}

/** A text that we signed: a session's handle and a time in milliseconds since 1970. */
export interface Stamp {
  readonly handle: string
  readonly at: number
}

/** The handle, the time, and the MAC of both. */
const STAMP = /^([\w-]{1,64})\.([\da-z]{1,11})\.([\w-]{43})$/

/** Returns a text that only we can make: a challenge, or the value of the cookie. It needs no storage. */
export async function stamped(
  subject: Subject,
  purpose: Purpose,
  { handle, at }: Stamp,
): Promise<string> {
  const body = `${handle}.${at.toString(36)}`
  const key = await subject.keyring[0].keyFor('bound')
  return `${body}.${await sign(key, signedText(subject, purpose, body))}`
}

/** Returns what is in a text of ours; `undefined` if we did not make it for this purpose. */
export async function openStamp(
  subject: Subject,
  purpose: Purpose,
  text: unknown,
): Promise<Stamp | undefined> {
  const [, handle = '', time = '', mac = ''] = (typeof text === 'string' && STAMP.exec(text)) || []
  if (mac === '') return undefined
  const signed = signedText(subject, purpose, `${handle}.${time}`)
  for (const { keyFor } of subject.keyring) {
    // The newest key has usually signed it.
    // oxlint-disable-next-line no-await-in-loop
    if (await verify(await keyFor('bound'), mac, signed)) return { handle, at: parseInt(time, 36) }
  }
  return undefined
}

function signedText({ settings }: Subject, purpose: Purpose, body: string): string {
  return `${purpose} ${settings.cookie.name} ${body}`
}
