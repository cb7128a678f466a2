import fc from 'fast-check'
import { describe, expect, test } from 'vitest'

import { h3Cookie, type H3Session, sealOf, unsealSession } from '../../src/migrate/h3.ts'
import { anyCharacter } from '../support/any-character.ts'
import { type H3Version, useH3 } from '../support/sealed-cookies.mjs'
import { runs } from '../support/thorough.ts'
import { cookieHeader, forgedAt } from './moved-cookies.ts'
import { newMovedApp, visitorWith } from './moved.ts'

const VERSIONS: readonly H3Version[] = ['h3 1', 'h3 2']
const PASSWORD = 'the old password, of more than 32 characters'
const H3 = { password: PASSWORD }
const DATA = { user: { id: 1, name: 'Zoë' }, cart: ['tea'] }
const DAY = 86_400

type Limits = Omit<Parameters<typeof unsealSession>[1], 'password'>

async function readHere(
  header: string,
  limits: Limits = {},
  password: string | string[] = PASSWORD,
): Promise<H3Session | undefined> {
  const seal = sealOf(header, 'h3')
  return seal === undefined ? undefined : unsealSession(seal, { password, ...limits })
}

describe.for(VERSIONS)('%s', (version) => {
  test.for<[what: string, data: Record<string, unknown>]>([
    ['a user', DATA],
    ['nothing', {}],
    ['other languages', { text: 'Zoë 日本語 👩‍🚀', ключ: 'значение' }],
    ['all kinds of values', { a: null, b: true, c: -1.5e300, d: [[], {}], e: '', f: '~*.%' }],
    ['keys of objects', { constructor: 1, toJSON: 2, hasOwnProperty: 3 }],
    ['as much as a cookie holds', { text: 'x'.repeat(2500) }],
  ])('has its session read: %s', async ([, data]) => {
    const { id, setCookies } = await useH3(version, H3, { data })
    const header = cookieHeader(setCookies)
    expect(await useH3(version, H3, { cookie: header })).toMatchObject({ id, data })
    expect(await readHere(header)).toMatchObject({ id, data })
    expect(await readHere(`a=1; ${header}; h3=second`)).toMatchObject({ id, data })
  })

  test('has its session read with any of the passwords', async () => {
    const { id, setCookies } = await useH3(version, H3, { data: DATA })
    const header = cookieHeader(setCookies)
    const newer = 'another password, of more than 32 characters'
    expect(await readHere(header, {}, [newer, PASSWORD])).toMatchObject({ id, data: DATA })
    expect(await readHere(header, {}, newer)).toBe(undefined)
    expect(await readHere(header, {}, [])).toBe(undefined)
  })

  test('has its session refused when it is older than maxAge', async () => {
    const limits = { maxAge: DAY }
    const before = Date.now() / 1000
    const { setCookies } = await useH3(version, { ...H3, ...limits }, { data: DATA })
    const header = cookieHeader(setCookies)
    expect(await readHere(header, { ...limits, now: before + DAY - 1 })).toMatchObject({
      data: DATA,
    })
    expect(await readHere(header, { ...limits, now: Date.now() / 1000 + DAY + 1 })).toBe(undefined)
    // The seal itself ends, a minute later.
    expect(await readHere(header, { now: before + DAY + 59 })).toMatchObject({ data: DATA })
    expect(await readHere(header, { now: Date.now() / 1000 + DAY + 61 })).toBe(undefined)
  })

  test('has a session without an end read for ever, unless ours has a limit', async () => {
    const { setCookies } = await useH3(version, H3, { data: DATA })
    const header = cookieHeader(setCookies)
    const now = Date.now() / 1000 + 4000 * DAY
    expect(await readHere(header, { now })).toMatchObject({ data: DATA })
    expect(await readHere(header, { now, maxAge: 0 })).toMatchObject({ data: DATA })
    expect(await readHere(header, { now, maxAge: DAY })).toBe(undefined)
    expect(await readHere(header, { now, idleTimeout: DAY })).toBe(undefined)
  })

  const PARTS = ['prefix', 'id', 'salt', 'IV', 'text', 'end', 'salt of the MAC', 'MAC']
  const forgePart =
    (index: number, forge: (part: string) => string) =>
    (pair: string): string =>
      pair
        .split('*')
        .map((part, at) => (at === index ? forge(part) : part))
        .join('*')

  test.for<[what: string, forge: (pair: string) => string]>([
    ...PARTS.flatMap((part, index): [string, (pair: string) => string][] => [
      [
        `another ${part}`,
        forgePart(index, (text) => (text === '' ? '1' : forgedAt(text, index === 7 ? 3 : -1))),
      ],
      [`what is no ${part}`, forgePart(index, () => (index === 0 ? 'h3=' : '!'))],
    ]),
    ['a later end', forgePart(5, () => String(Date.now() + 1000 * DAY * 1000))],
    ['a part too few', (pair) => pair.slice(0, pair.lastIndexOf('*'))],
    ['a part too many', (pair) => `${pair}*`],
    ['another name', (pair) => pair.replace('h3=', 'H3=')],
    ['a name that ends in this one', (pair) => `my-${pair}`],
    ['an earlier cookie of the name', (pair) => `h3=x; ${pair}`],
    ['an empty cookie', () => 'h3='],
    ['no cookie', () => ''],
  ])('has its session refused with %s, as there', async ([, forge]) => {
    const { id, setCookies } = await useH3(version, H3, { data: DATA })
    const header = forge(cookieHeader(setCookies))
    const there = await useH3(version, H3, { cookie: header })
    expect(there.id).not.toBe(id)
    expect(there.data).toEqual({})
    expect(await readHere(header)).toBe(undefined)
  })
})

test('a session of h3 2 is refused when it was idle for longer than idleTimeout', async () => {
  const limits = { idleTimeout: DAY, maxAge: 10 * DAY }
  const before = Date.now() / 1000
  const { setCookies } = await useH3('h3 2', { ...H3, ...limits }, { data: DATA })
  const header = cookieHeader(setCookies)
  expect(await readHere(header, { ...limits, now: before + DAY - 1 })).toMatchObject({ data: DATA })
  expect(await readHere(header, { ...limits, now: Date.now() / 1000 + DAY + 1 })).toBe(undefined)
})

describe('a session of h3 2 in several cookies', () => {
  const LARGE = { text: Array.from({ length: 400 }, (_, index) => `日本 ${index}`).join(' ') }
  const chunked = useH3('h3 2', H3, { data: LARGE }).then(({ setCookies }) => setCookies)

  test('is read whole', async () => {
    const header = cookieHeader(await chunked)
    expect(header).toMatch(/^h3=__chunked__[2-9]; h3\.1=/)
    expect(await useH3('h3 2', H3, { cookie: header })).toMatchObject({ data: LARGE })
    expect(await readHere(header)).toMatchObject({ data: LARGE })
    expect(await readHere(cookieHeader((await chunked).toReversed()))).toMatchObject({
      data: LARGE,
    })
  })

  test.for<[what: string, change: (header: string) => string]>([
    ['one missing', (header) => header.replace('h3.1=', 'other=')],
    ['an empty one', (header) => header.replace(/h3\.1=[^;]*/, 'h3.1=')],
    [
      'another order',
      (header) =>
        header.replace('h3.1=', 'h3.x=').replace('h3.2=', 'h3.1=').replace('h3.x=', 'h3.2='),
    ],
    ['a number too small', (header) => header.replace(/__chunked__\d/, '__chunked__1')],
    ['a number too large', (header) => header.replace(/__chunked__\d/, '__chunked__9')],
    ['the number 0', (header) => header.replace(/__chunked__\d/, '__chunked__0')],
    ['more parts than there may be', (header) => header.replace(/__chunked__\d/, '__chunked__101')],
    ['a number that is none', (header) => header.replace(/__chunked__\d/, '__chunked__x')],
  ])('is refused with %s, as there', async ([, change]) => {
    const header = change(cookieHeader(await chunked))
    expect((await useH3('h3 2', H3, { cookie: header })).data).toEqual({})
    expect(await readHere(header)).toBe(undefined)
  })

  test.for<[parts: number, isRead: boolean]>([
    [100, true],
    [101, false],
  ])('of %i parts is read: %s, as there', async ([parts, isRead]) => {
    const { setCookies } = await useH3('h3 2', H3, { data: DATA })
    const seal = cookieHeader(setCookies).slice('h3='.length)
    const pieces = Array.from({ length: parts }, (_, index) =>
      index === parts - 1 ? seal.slice(index) : seal.charAt(index),
    )
    const chunks = pieces.map((piece, index) => `h3.${index + 1}=${piece}`)
    const header = [`h3=__chunked__${parts}`, ...chunks].join('; ')
    const there = await useH3('h3 2', H3, { cookie: header })
    expect([there.data, await readHere(header)]).toMatchObject(
      isRead ? [DATA, { data: DATA }] : [{}, undefined],
    )
    expect(there.data).toEqual(isRead ? DATA : {})
  })

  test('is adopted, and every part is cleared', async () => {
    const app = newMovedApp(
      h3Cookie({
        name: 'h3',
        password: PASSWORD,
        load: ({ data }: H3Session<{ text: string }>) => ({ data: { ...data } }),
      }),
    )
    const { setCookies } = await useH3('h3 2', H3, { data: LARGE })
    const browser = visitorWith(app, setCookies)
    expect(await browser.json('/')).toEqual({ data: LARGE, flash: {} })
    expect([...browser.cookies.keys()]).toEqual(['__Host-session'])
  })
})

test('what is no seal of h3 throws nothing, whatever text it is', async () => {
  const texts = fc.oneof(
    fc.string({ unit: anyCharacter }),
    fc.stringMatching(
      /^Fe26\.2\*\*[0-9a-f]{0,9}\*[\w-]{22}\*[\w-]{22}\*\d{0,20}\*[0-9a-f]{0,9}\*[\w-]{43}$/,
    ),
    fc.stringMatching(/^__chunked__\d{0,4}$/),
    fc.array(fc.integer({ min: 0, max: 0xffff })).map((units) => String.fromCharCode(...units)),
  )
  await fc.assert(
    fc.asyncProperty(texts, async (text) => {
      expect(await readHere(`h3=${text}`)).toBe(undefined)
      expect(await unsealSession(text, H3)).toBe(undefined)
    }),
    { numRuns: runs(500) },
  )
})

test('a missing password, and limits that are no numbers, are said', async () => {
  const { setCookies } = await useH3('h3 1', H3, { data: DATA })
  const header = cookieHeader(setCookies)
  const missing = expect.objectContaining({ code: 'ERR_SECRET' })
  await expect(readHere(header, {}, '')).rejects.toEqual(missing)
  await expect(readHere(header, {}, [''])).rejects.toEqual(missing)
  const wrong = expect.objectContaining({ code: 'ERR_OPTION' })
  await expect(readHere(header, { maxAge: Number.NaN })).rejects.toEqual(wrong)
  await expect(readHere(header, { idleTimeout: '1' as unknown as number })).rejects.toEqual(wrong)
  const options = { name: 'h3', password: PASSWORD, load: () => undefined }
  expect(() => h3Cookie({ ...options, maxAge: Number.NaN })).toThrow(wrong)
})

describe('an adoption of a session of h3', () => {
  const adoption = h3Cookie({
    name: 'h3',
    password: () => PASSWORD,
    maxAge: DAY,
    load: ({ id, createdAt, data }: H3Session<{ user: string }>) => ({
      data: { ...data, old: [id, typeof createdAt] },
    }),
  })

  test.for(VERSIONS)(
    'makes one session of all cookies with its id, and clears them: %s',
    async (version) => {
      const app = newMovedApp(adoption)
      app.handler = async (session) => ({ ...(await session.all()), id: session.id })
      const { id, setCookies } = await useH3(version, H3, { data: { user: 'Zoë' } })
      const later = await useH3(version, H3, {
        data: { user: 'Zoë', more: 1 },
        cookie: cookieHeader(setCookies),
      })
      expect(later.id).toBe(id)
      const browser = visitorWith(app, setCookies)
      const first = await browser.json<{ id: string }>('/')
      expect(first).toMatchObject({ user: 'Zoë', old: [id, 'number'] })
      expect([...browser.cookies.keys()]).toEqual(['__Host-session'])
      expect(await visitorWith(app, later.setCookies).json('/')).toEqual(first)
      app.handler = (session) => session.destroy()
      await browser.fetch('/')
      app.handler = (session) => session.all()
      expect(await visitorWith(app, later.setCookies).json('/')).toEqual({})
    },
  )

  test('leaves an anonymous visitor whose cookie is forged as it was', async () => {
    const app = newMovedApp(adoption)
    const password = 'a guess of at least thirty-two characters'
    const { setCookies } = await useH3('h3 2', { password }, { data: DATA })
    const browser = visitorWith(app, setCookies)
    expect(await browser.json('/')).toEqual({ data: {}, flash: {} })
    expect([...browser.cookies.keys()]).toEqual(['h3'])
    expect(app.calls).toEqual([])
  })
})
