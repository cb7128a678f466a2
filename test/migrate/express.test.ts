import fc from 'fast-check'
import { describe, expect, test } from 'vitest'

import {
  cookieText,
  expressCookie,
  JSONCookie,
  signedCookie,
  signedValue,
  unsign,
} from '../../src/migrate/express.ts'
import { anyCharacter } from '../support/any-character.ts'
import { runs } from '../support/thorough.ts'
import { oneBitOff } from './one-bit-off.ts'

const SECRET = 'keyboard cat'
/** By cookie-signature 1.2.2: a vector. */
const SIGNED = 'dbA0vYQeP3wV1mXqk9Z2.pagZZGvS2GNC7hWj/wGS7FGy2Wv2jPI6bNbSVZLClxQ'
const ID = 'dbA0vYQeP3wV1mXqk9Z2'

describe('a signed cookie of Express', () => {
  test('is refused with any bit of any of its characters changed', async () => {
    const taken = oneBitOff(SIGNED).map((changed) => unsign(changed, SECRET))
    expect(await Promise.all(taken)).toEqual(taken.map(() => undefined))
    expect(await unsign(SIGNED, SECRET)).toBe(ID)
  })

  test('is read with any of the secrets, and refused with none of them', async () => {
    expect(await unsign(SIGNED, ['newer', SECRET])).toBe(ID)
    expect(await unsign(SIGNED, ['newer', 'other'])).toBe(undefined)
    expect(await unsign(SIGNED, [])).toBe(undefined)
    const missing = expect.objectContaining({ code: 'ERR_SECRET' })
    await expect(unsign(SIGNED, [SECRET, ''])).rejects.toEqual(missing)
    await expect(unsign(SIGNED, undefined as unknown as string)).rejects.toEqual(missing)
  })

  test('is refused unsigned where a value is to be trusted', async () => {
    expect(await signedCookie(ID, SECRET)).toBe(ID)
    expect(await signedValue(`sid=${ID}`, 'sid', SECRET)).toBe(undefined)
    expect(await signedValue(`sid=s:${SIGNED}`, 'sid', SECRET)).toBe(ID)
    expect(await signedValue(`sid="s:${SIGNED}"`, 'sid', SECRET)).toBe(ID)
    expect(await signedValue(`sid=${encodeURIComponent(`s:${SIGNED}`)}`, 'sid', SECRET)).toBe(ID)
    expect(await signedValue('', 'sid', SECRET)).toBe(undefined)
  })

  test('whatever text comes, is refused, and nothing is thrown', async () => {
    const texts = fc.oneof(
      fc.string({ unit: anyCharacter }),
      fc.stringMatching(/^s:[\w.]{0,9}\.[\w+/]{43}$/),
      fc.array(fc.integer({ min: 0, max: 0xffff })).map((units) => String.fromCharCode(...units)),
    )
    await fc.assert(
      fc.asyncProperty(texts, async (text) => {
        expect(await unsign(text, SECRET)).toBe(undefined)
        expect(await signedValue(`sid=${text}`, 'sid', SECRET)).toBe(undefined)
        expect(cookieText(text, 'sid') ?? '').toBeTypeOf('string')
        expect(JSONCookie(`j:x${text}`)).toBe(undefined)
        expect(JSONCookie(`s:${text}`)).toBe(undefined)
      }),
      { numRuns: runs(1000) },
    )
  })

  test('that cannot be percent-decoded is taken as it is', () => {
    expect(cookieText('sid=%E0%A4%A; sid=b', 'sid')).toBe('%E0%A4%A')
  })
})

describe('an adoption of an Express cookie', () => {
  const takeover = expressCookie({
    name: 'connect.sid',
    secrets: (env: { readonly secrets: string[] }) => env.secrets,
    load: (id, { secrets }) => ({ data: { id, count: secrets.length } }),
  })

  test('stands for the session, whoever of the secrets signed and however it is spelled', async () => {
    const env = { secrets: ['newer', SECRET] }
    const text = takeover(env).find(`connect.sid=${encodeURIComponent(`s:${SIGNED}`)}`) ?? ''
    expect(await takeover(env).verify(text, 0)).toEqual({ value: ID, identity: ID })
    expect(await takeover(env).verify(SIGNED, 0)).toBe(undefined)
    expect(await takeover({ secrets: ['newer'] }).verify(text, 0)).toBe(undefined)
    expect(await takeover(env).load(ID)).toEqual({ data: { id: ID, count: 2 } })
    expect(takeover(env).rememberSeconds).toBe(400 * 86_400)
  })
})
