import fc from 'fast-check'
import { describe, expect, test } from 'vitest'

import { encodeBase64url } from '../../src/codec/base64url.ts'
import * as django from '../../src/migrate/django.ts'
import * as itsdangerous from '../../src/migrate/itsdangerous.ts'
import { anyCharacter } from '../support/any-character.ts'
import { runs } from '../support/thorough.ts'
import { oneBitOff } from './one-bit-off.ts'
import { vectors } from './vectors.ts'

const NOW = 1_700_000_000
const KEY = 'django-secret-key-for-vectors'

function djangoVector(id: string): (typeof vectors.django)[number] {
  const found = vectors.django.find((vector) => vector.id === id)
  if (found === undefined) throw new Error(`There is no vector ${id}.`)
  return found
}

function flaskVector(id: string): (typeof vectors.itsdangerous_flask)[number] {
  const found = vectors.itsdangerous_flask.find((vector) => vector.id === id)
  if (found === undefined) throw new Error(`There is no vector ${id}.`)
  return found
}

const texts = fc.oneof(
  fc.string({ unit: anyCharacter }),
  fc.stringMatching(/^\.?[\w-]{0,9}[.:][\w-]{6}[.:][\w-]{27,43}$/),
  fc.array(fc.integer({ min: 0, max: 0xffff })).map((units) => String.fromCharCode(...units)),
)

/** What Django before 3.1 signed. */
async function signedBySha1(value: string, salt: string): Promise<string> {
  const bytes = (text: string): Uint8Array<ArrayBuffer> =>
    new Uint8Array(new TextEncoder().encode(text))
  const digest = await crypto.subtle.digest('SHA-1', bytes(`${salt}signer${KEY}`))
  const algorithm = { name: 'HMAC', hash: 'SHA-1' }
  const key = await crypto.subtle.importKey('raw', digest, algorithm, false, ['sign'])
  const mac = new Uint8Array(await crypto.subtle.sign('HMAC', key, bytes(value)))
  return `${value}:${encodeBase64url(mac)}`
}

describe('what Django signed', () => {
  const { signed, salt } = djangoVector('dj-dumps')
  const options = { key: KEY, salt, now: NOW, maxAge: 60 }

  test('is refused with any bit of any of its characters changed', async () => {
    const taken = oneBitOff(signed).map((changed) => django.loads(changed, options))
    expect(await Promise.all(taken)).toEqual(taken.map(() => undefined))
    expect(await django.loads(signed, options)).toMatchObject({ _auth_user_id: '42' })
  })

  test('is read with a fallback of the key', async () => {
    const keys = { ...options, key: ['newer', KEY] }
    expect(await django.loads(signed, keys)).toMatchObject({ n: 1.5 })
    const missing = expect.objectContaining({ code: 'ERR_SECRET' })
    await expect(django.loads(signed, { ...options, key: '' })).rejects.toEqual(missing)
    const noKey = { ...options, key: undefined as unknown as string }
    await expect(django.getSignedCookie('user', signed, noKey)).rejects.toEqual(missing)
  })

  test('by SHA-1 is taken only when asked for', async () => {
    const old = await signedBySha1('hello', 'extra')
    expect(await django.unsign(old, { key: KEY, salt: 'extra' })).toBe(undefined)
    expect(await django.unsign(old, { key: KEY, salt: 'extra', legacy: true })).toBe('hello')
    const current = djangoVector('dj-signer-salt-colon').signed
    const both = { key: KEY, salt: 'extra', legacy: true }
    expect(await django.unsign(current, both)).toBe('user:42')
  })

  test('whatever text comes, is refused, and nothing is thrown', async () => {
    await fc.assert(
      fc.asyncProperty(texts, async (text) => {
        expect(await django.unsign(text, { key: KEY })).toBe(undefined)
        expect(await django.loads(text, { key: KEY, legacy: true })).toBe(undefined)
        expect(await django.getSignedCookie('a', text, { key: KEY })).toBe(undefined)
      }),
      { numRuns: runs(500) },
    )
  })
})

describe('what itsdangerous signed', () => {
  const { signed } = flaskVector('flask-session')
  const options = { secret: 'flask-secret', now: NOW }

  test('is refused with any bit of any of its characters changed', async () => {
    const taken = oneBitOff(signed).map((text) => itsdangerous.loadsFlaskSession(text, options))
    expect(await Promise.all(taken)).toEqual(taken.map(() => undefined))
    expect(await itsdangerous.loadsFlaskSession(signed, options)).toEqual({ user: 'Li', n: [1, 2] })
  })

  test('is too old after 31 days in Flask', async () => {
    const at = (seconds: number): Promise<unknown> =>
      itsdangerous.loadsFlaskSession(signed, { ...options, now: NOW + seconds })
    expect(await at(31 * 86_400)).toMatchObject({ user: 'Li' })
    expect(await at(31 * 86_400 + 1)).toBe(undefined)
    expect(await at(-1)).toBe(undefined)
  })

  test('is read however the key was made of secret and salt', async () => {
    // By itsdangerous 2.2.0: Signer('secret-key', salt='a salt', key_derivation=…, digest_method=hashlib.sha256).
    const made = {
      concat: 'value.4LPOG9d7XLp3a8mZAHFjM3b72pWEETfhRANnV4ol_Ow',
      'django-concat': 'value.skD8C61zDOpt2mxwIvBV4r-sdOV62Ei_DJluCayjVFk',
      hmac: 'value.FPw9i59MPCMGOZqA9TLcnxMmNy4EvPcM7IHWWcj-Nsg',
      none: 'value.3PlbGR1YsrxiVQ7L4uUzWD1R3xS8ky7fH-T7KDk8YHw',
    }
    const common = { secret: 'secret-key', salt: 'a salt', digest: 'SHA-256' } as const
    for (const keyDerivation of ['concat', 'django-concat', 'hmac', 'none'] as const) {
      const own = { ...common, keyDerivation }
      expect(await itsdangerous.unsign(made[keyDerivation], own)).toBe('value')
      expect(await itsdangerous.unsign(made[keyDerivation], { ...own, salt: 'b' })).toBe(
        keyDerivation === 'none' ? 'value' : undefined,
      )
      expect(await itsdangerous.unsign(made[keyDerivation], { ...own, digest: 'SHA-1' })).toBe(
        undefined,
      )
    }
  })

  test('whatever text comes, is refused, and nothing is thrown', async () => {
    await fc.assert(
      fc.asyncProperty(texts, async (text) => {
        expect(await itsdangerous.unsign(text, { secret: 'a' })).toBe(undefined)
        expect(await itsdangerous.loads(text, { secret: 'a' })).toBe(undefined)
        expect(await itsdangerous.loadsFlaskSession(text, { secret: 'a' })).toBe(undefined)
      }),
      { numRuns: runs(500) },
    )
  })
})
