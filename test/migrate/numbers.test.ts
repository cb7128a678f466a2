import fc from 'fast-check'
import { describe, expect, test } from 'vitest'

import { adopting } from '../../src/adopt.ts'
import { adoption } from '../../src/migrate/adoption.ts'
import { loads } from '../../src/migrate/django.ts'
import { JSONCookie } from '../../src/migrate/express.ts'
import { loadsFlaskSession } from '../../src/migrate/itsdangerous.ts'
import { parsePythonJson } from '../../src/migrate/python-json.ts'
import { memoryStore } from '../../src/store/memory.ts'
import { newApp } from '../support/app.ts'
import { runs } from '../support/thorough.ts'

const NOW = 1_700_000_000
const FLASK = { secret: 'flask-secret', now: NOW }
const DJANGO = { key: 'django-secret-key-for-vectors', now: NOW }

// By Flask's session serializer (itsdangerous 2.2.0) and Django 5.2.17, all of the same dictionary.
const PLAIN =
  '.eJxlj0EKwjAURK8SZutXkjRNmtzAjRdoi2gbJZsoTURFenfbhRTsbph5f_jzwfGR_HAMPZzl3AhrZamM4tYWhOhT9lPyQegTXC1ou4KELFSpTWX5oqj-wwT9GbJtR0LqboOHO5wOhMcdbh8vIYb8JvS3Z4TbLkb2rwyH6NjqAzbfs6ZpwH48CPchdFM33wnCOVzhhN9IORXNc1ie14hSWilKrjTXldLW6HYcv2IBR_M.ZVPxAA.cOhYZEdkneBrBD9qs1qSOFhxSbI'
const COMPRESSED =
  '.eJzdj0EOgjAQRa_S_K2jaWsptDdw4wXEGIRquimE1qgh3F1YGBO4gbOa_Hnz8_-AyyO6_uIbWMN5LoyRmcoVN2ZPCC4mN10G-CbCngRtV5CQe5XpvDD8t9FpgQlaCPJ8HgmxbnsHe6yOhEcHewg3H3x6E5r2GWC3PyG5V4JFsGyVgM3_rCxLsC8PQtf7evLmO0G4-juscBspJ6O5DktzG5FJI0XGlea6UNrkeg7VVVNjVH8yGD-0npXe.ZVPxAA.Tt3DYV1w0hWSNpOrQhKYhUq0YHk'
const SIGNED_COOKIES =
  'eyJfdXNlcl9pZCI6OTAwNzE5OTI1NDc0MDk5MywibmVzdGVkIjp7ImlkcyI6WzEsLTkwMDcxOTkyNTQ3NDA5OTMsMTIzNDU2Nzg5MDEyMzQ1Njc4OTAsWzkwMDcxOTkyNTQ3NDA5OTEsOTAwNzE5OTI1NDc0MDk5Ml1dfSwic2NvcmUiOk5hTiwidXAiOkluZmluaXR5LCJkb3duIjotSW5maW5pdHksInRleHQiOiJuOiA5MDA3MTk5MjU0NzQwOTkzLCBOYU4sIFxcXCIgSW5maW5pdHkiLCJwcmljZSI6MC4xLCJiaWciOjFlKzIyLCJ0IjpbMTE1MjkyMTUwNDYwNjg0Njk3Nl19:1r31eq:PBeLV00WrPeT2UELRr-oLz4a9i90LtssERURAhmHxFw'
const SESSION_DATA =
  '.eJxlj00KgzAUhK8is-2zJDFGkxt04wVUpNW0ZBPFH9oi3r26KILuHvO-GWZmVNNg-8o1MJqxhGstYplIpnVE8HYY7fqZ4ZoBJucUniAuIhmrJNVsvyg_YJwOgijLhTDUbW9hsntGmDqYm38678YvoWnfHibchdF-Rhh4E5waBJs_KIoCwZ8HoetdvWazKyc83AuG24sQa9C2g8dCCx4zqZhKpdKJKpcfbQBF6Q:1r31eq:PUkPNr0Pb33G24S8F-m5ljl3mc64pVuKaBStu_I_A0s'

const ENGINE = 'django.contrib.sessions.backends.signed_cookies'
const STORE = 'django.contrib.sessions.SessionStore'

describe.for<[what: string, read: () => Promise<unknown>, isTagged: boolean]>([
  ['Flask', () => loadsFlaskSession(PLAIN, FLASK), true],
  ['Flask, compressed', () => loadsFlaskSession(COMPRESSED, FLASK), true],
  ['Django', () => loads(SIGNED_COOKIES, { ...DJANGO, salt: ENGINE }), false],
  ['Django, compressed', () => loads(SESSION_DATA, { ...DJANGO, salt: STORE }), false],
])('of %s, a number', ([, read, isTagged]) => {
  test('that JSON in JavaScript would change is its text, at any depth, and others are numbers', async () => {
    const tuple = ['1152921504606846976']
    expect(await read()).toMatchObject({
      _user_id: '9007199254740993',
      nested: {
        ids: [
          1,
          '-9007199254740993',
          '12345678901234567890',
          [9007199254740991, '9007199254740992'],
        ],
      },
      score: 'NaN',
      up: 'Infinity',
      down: '-Infinity',
      text: 'n: 9007199254740993, NaN, \\" Infinity',
      price: 0.1,
      big: 1e22,
      t: isTagged ? { ' t': tuple } : tuple,
    })
  })
})

test('a cookie of Flask signs in the very user, though the id is beyond 2^53', async () => {
  const old = adoption({
    name: 'old',
    verify: async (text) => {
      const data = await loadsFlaskSession(text, FLASK)
      return data === undefined ? undefined : { value: JSON.stringify(data), identity: text }
    },
    load: (json) => {
      const { _user_id: id, score, nested } = JSON.parse(json) as Record<string, unknown>
      return { userId: String(id), data: { score, nested } }
    },
  })
  const app = newApp({ store: memoryStore(), use: [adopting(old)] })
  app.handler = async (session) => {
    const { score } = await session.all()
    return [session.userId, score]
  }
  const browser = app.browser()
  browser.cookies.set('old', PLAIN)
  expect(await browser.json('/')).toEqual(['9007199254740993', 'NaN'])
})

describe('JSON of Python', () => {
  test('is read as other JSON is, whatever is in it', () => {
    fc.assert(
      fc.property(fc.jsonValue(), fc.constantFrom(undefined, 1), (value, space) => {
        const text = JSON.stringify(value, undefined, space)
        const isLarge = /\d{16}/.test(text)
        fc.pre(!isLarge)
        expect(parsePythonJson(text)).toStrictEqual(JSON.parse(text))
      }),
      { numRuns: runs(500) },
    )
  })

  test('has each integer exactly', () => {
    fc.assert(
      fc.property(fc.bigInt(), (integer) => {
        const read = parsePythonJson(`{"id": [${integer}]}`) as { id: unknown[] }
        expect(String(read.id[0])).toBe(String(integer))
        expect(typeof read.id[0]).toBe(
          integer >= -(2n ** 53n) + 1n && integer < 2n ** 53n ? 'number' : 'string',
        )
      }),
      { numRuns: runs(500) },
    )
  })

  test.for([
    '',
    '{',
    'nan',
    '-NaN',
    '01',
    '[1 NaN]',
    '1.',
    'undefined',
    '"\\"',
    '9007199254740993 1',
  ])('is not %j', (text) => {
    expect(() => parsePythonJson(text)).toThrow(SyntaxError)
  })
})

test('a JSON cookie of Express is read as Express reads it: JavaScript wrote the number that it reads', () => {
  const written = `j:${JSON.stringify({ id: 2 ** 60 })}`
  expect(JSONCookie(written)).toEqual({ id: 2 ** 60 })
})
