import type { Keyring } from '../codec/keyring.ts'
import { sign, verify } from '../codec/mac.ts'

/** The purpose of a signed text. It is not accepted for any other purpose. */
type Purpose = 'register' | 'refresh' | 'cookie'

/** The subject of a signed text. */
export interface Subject {
  readonly keyring: Keyring
  readonly settings: { readonly cookie: { readonly name: string } }
}

/** A text that we signed, with a session's handle and a time in milliseconds since 1970. */
export interface Stamp {
  readonly handle: string
  readonly at: number
}

/** The handle, the time, and the MAC of both. */
const STAMP = /^([\w-]{1,64})\.([\da-z]{1,11})\.([\w-]{43})$/

/** Returns a signed text, a challenge or the value of the cookie, which only we can make. It needs no storage. */
export async function stamped(
  subject: Subject,
  purpose: Purpose,
  { handle, at }: Stamp,
): Promise<string> {
  const body = `${handle}.${at.toString(36)}`
  const key = await subject.keyring[0].keyFor('bound')
  return `${body}.${await sign(key, signedText(subject, purpose, body))}`
}

/** Returns the content of a signed text, or `undefined` if we did not make it for this purpose. */
export async function openStamp(
  subject: Subject,
  purpose: Purpose,
  text: unknown,
): Promise<Stamp | undefined> {
  const [, handle = '', time = '', mac = ''] = (typeof text === 'string' && STAMP.exec(text)) || []
  if (mac === '') return undefined
  const signed = signedText(subject, purpose, `${handle}.${time}`)
  for (const { keyFor } of subject.keyring) {
    // Usually signed with the newest key.
    // oxlint-disable-next-line no-await-in-loop
    if (await verify(await keyFor('bound'), mac, signed)) return { handle, at: parseInt(time, 36) }
  }
  return undefined
}

function signedText({ settings }: Subject, purpose: Purpose, body: string): string {
  return `${purpose} ${settings.cookie.name} ${body}`
}
