// What there is to compare depends on the vector; the count at the end sees to it that each was.
// oxlint-disable vitest/no-conditional-expect
import { afterAll, expect, test } from 'vitest'

import { encodeHex } from '../../src/codec/base64url.ts'
import * as django from '../../src/migrate/django.ts'
import {
  cookieText,
  JSONCookie,
  signedCookie,
  signedValue,
  unsign as unsignCookie,
} from '../../src/migrate/express.ts'
import * as itsdangerous from '../../src/migrate/itsdangerous.ts'
import { textOf } from '../../src/migrate/mac-key.ts'
import { paddedBase64 } from '../../src/migrate/one-spelling.ts'
import {
  createSignedValue,
  decodeSignedValue,
  decodeXsrfToken,
  parseCookie,
} from '../../src/migrate/tornado.ts'
import { type Vectors, vectorCount, vectors } from './vectors.ts'

/** What real libraries have said of 131 cookies; ours has to say the same of each. */
const ran = new Map<string, number>()

/** The vectors of a group, each with a name for its test. */
function named<Group extends keyof Vectors>(
  group: Group,
  nameOf: (vector: Vectors[Group][number]) => string,
): (readonly [name: string, vector: Vectors[Group][number]])[] {
  const list: readonly Vectors[Group][number][] = vectors[group]
  return list.map((vector, index) => [`${group} ${index}: ${nameOf(vector)}`, vector] as const)
}

/** Takes note that a vector of this group has passed. */
function passed(group: keyof Vectors): void {
  ran.set(group, (ran.get(group) ?? 0) + 1)
}

function bytes(base64: string): Uint8Array {
  return Uint8Array.from(atob(base64), (character) => character.charCodeAt(0))
}

test.for(named('tornado_signed', ({ id }) => id))(
  '%s',
  async ([, { secret, name, cookie, now, expect: verdict, created_by: created, ...limits }]) => {
    const options = { maxAgeDays: limits.max_age_days, minVersion: limits.min_version ?? 1, now }
    const value = await decodeSignedValue(secret, name, cookie, options)
    expect(value && paddedBase64(value)).toBe(verdict.valid ? verdict.value_b64 : undefined)
    if (verdict.value_utf8 != null) expect(value && textOf(value)).toBe(verdict.value_utf8)
    if (created?.version !== 2) return passed('tornado_signed')
    const { key_version: keyVersion, timestamp } = created
    const made = await createSignedValue(secret, created.name, bytes(created.value_b64), {
      now: timestamp,
      ...(keyVersion !== null && { keyVersion }),
    })
    expect(made).toBe(cookie)
    passed('tornado_signed')
  },
)

test.for(named('tornado_wire', ({ id }) => id))('%s', async ([, { id, set_cookie_pair: pair }]) => {
  const signed = vectors.tornado_signed.find((vector) => vector.id === id)
  if (signed === undefined) throw new Error(`There is no vector ${id}.`)
  const { secret, name, cookie, now, expect: verdict } = signed
  const text = parseCookie(pair).get(name)
  expect(text).toBe(cookie)
  const value = await decodeSignedValue(secret, name, text, { now, minVersion: 1 })
  expect(value && paddedBase64(value)).toBe(verdict.value_b64)
  passed('tornado_wire')
})

test.for(named('tornado_cookie_header', ({ desc }) => desc))(
  '%s',
  async ([, { cookie_header: header, tornado_parse_cookie: cookies }]) => {
    expect(Object.fromEntries(parseCookie(header))).toEqual(cookies)
    passed('tornado_cookie_header')
  },
)

test.for(named('tornado_xsrf', ({ cookie }) => cookie))(
  '%s',
  async ([
    ,
    {
      cookie,
      decoded: { version, token_hex: token, timestamp },
    },
  ]) => {
    const decoded = decodeXsrfToken(cookie, { now: 1_700_000_000 })
    expect(decoded && { ...decoded, token: encodeHex(decoded.token) }).toEqual(
      version === null ? undefined : { version, token, timestamp },
    )
    passed('tornado_xsrf')
  },
)

test.for(named('cookie_signature', ({ id }) => id))(
  '%s',
  async ([
    ,
    {
      secret,
      signed,
      expect: { value },
    },
  ]) => {
    expect(await unsignCookie(signed, secret)).toBe(value)
    expect(await signedCookie(`s:${signed}`, [secret])).toBe(value)
    passed('cookie_signature')
  },
)

test.for(named('express_wire_cookie_2', ({ value }) => value))(
  '%s',
  async ([, { value, secret, set_cookie_pair: pair }]) => {
    expect(await signedValue(pair, 'connect.sid', secret)).toBe(value)
    passed('express_wire_cookie_2')
  },
)

test.for(named('cookie_parser', ({ desc }) => desc))(
  '%s',
  async ([, { cookie, secret = '', signedCookie: signed, JSONCookie: parsed }]) => {
    if (signed !== undefined) {
      expect(await signedCookie(cookie, secret)).toBe(signed === false ? undefined : signed)
    } else expect(JSONCookie(cookie)).toEqual(parsed === 'undefined' ? undefined : parsed)
    passed('cookie_parser')
  },
)

const [first] = vectors.express_session_e2e

test.for(named('express_session_e2e', ({ desc }) => desc))(
  '%s',
  async ([, { set_cookie: setCookie, cookie_header: header, sees_user: user }]) => {
    const secrets = first?.secret ?? []
    const [stored = ''] = Object.keys(first?.stored ?? {})
    expect(stored).toBe('fixed-id_with.dot/and+plus')
    const pair = header ?? setCookie?.split(';')[0] ?? ''
    const id = await signedValue(pair, 'connect.sid', secrets)
    expect(id).toBe(user === null ? undefined : stored)
    if (user === null) expect(cookieText(pair, 'connect.sid')).toBe(stored)
    passed('express_session_e2e')
  },
)

test.for(named('django', ({ id }) => id))(
  '%s',
  async ([
    ,
    {
      kind,
      key,
      salt,
      signed,
      now = 0,
      max_age: maxAge,
      expect: { value },
      ...more
    },
  ]) => {
    const options = { key, salt, now, maxAge: maxAge ?? undefined }
    if (kind === 'Signer') expect(await django.unsign(signed, options)).toBe(value)
    else if (kind === 'TimestampSigner') {
      expect(await django.unsignTimestamped(signed, options)).toBe(value)
    } else if (more.set_cookie !== undefined) {
      const text = /^user=([^;]*);/.exec(more.set_cookie)?.[1] ?? ''
      expect(text).toBe(signed)
      // The vector has what Django makes of SECRET_KEY and of name and salt.
      expect([key.slice(0, 19), salt.slice(0, 4)]).toEqual(['django.http.cookies', 'user'])
      const own = { ...options, key: key.slice(19), salt: salt.slice(4) }
      expect(await django.getSignedCookie('user', text, own)).toBe(value)
      expect(await django.unsignTimestamped(text, options)).toBe(value)
    } else expect(await django.loads(signed, options)).toEqual(value)
    passed('django')
  },
)

const flask = { salt: 'cookie-session', keyDerivation: 'hmac' } as const

test.for(named('itsdangerous_flask', ({ id }) => id))(
  '%s',
  async ([
    ,
    {
      id,
      kind,
      secret,
      signed,
      now = 0,
      max_age: limit,
      expect: { value },
      ...more
    },
  ]) => {
    const maxAge = limit ?? undefined
    const options = { secret, now, maxAge }
    if (id.startsWith('flask')) {
      const [text] = more.set_cookie === undefined ? [signed] : [cookieOf(more.set_cookie)]
      const expected = more.payload_json === undefined ? value : JSON.parse(more.payload_json)
      expect(await itsdangerous.loadsFlaskSession(text, options)).toEqual(expected)
      expect(await itsdangerous.loads(signed, { ...options, ...flask })).toEqual(expected)
    } else if (kind.startsWith('URLSafeTimedSerializer')) {
      expect(await itsdangerous.loads(signed, { ...options, salt: 'auth' })).toEqual(value)
    } else if (now === 0) expect(await itsdangerous.unsign(signed, options)).toBe(value)
    else expect(await itsdangerous.unsignTimestamped(signed, options)).toBe(value)
    passed('itsdangerous_flask')
  },
)

function cookieOf(setCookie: string): string {
  return /^session=([^;]*);/.exec(setCookie)?.[1] ?? ''
}

test('all 131 vectors ran', () => {
  expect(vectorCount).toBe(131)
  const counts = Object.entries(vectors).map(([group, list]) => [group, list.length])
  expect(Object.fromEntries(ran)).toEqual(Object.fromEntries(counts))
  expect([...ran.values()].reduce((sum, count) => sum + count, 0)).toBe(131)
})

afterAll(() => ran.clear())
