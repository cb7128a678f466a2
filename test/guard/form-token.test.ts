import fc from 'fast-check'
import { describe, expect, test, vi } from 'vitest'

import { csrfGuard } from '../../src/guard/csrf.ts'
import { tokenInForm } from '../../src/guard/form-token.ts'
import { CONTEXT, newSite } from '../support/site.ts'
import { runs } from '../support/thorough.ts'

const URLENCODED = 'application/x-www-form-urlencoded'
const TOKEN = `${'aB3_-'.repeat(17)}A`
const encoder = new TextEncoder()

/** The two kinds of form, and how many bytes of each are searched. */
const KINDS = [
  ['multipart/form-data; boundary=x', 1_000_000],
  [URLENCODED, 64_000],
] as const
const FILE = '--x\r\nContent-Disposition: form-data; name="f"; filename="f"\r\n\r\n'
const CSRF = '--x\r\nContent-Disposition: form-data; name="csrf"\r\n\r\n'

async function tokenOf(request: Request, field = 'csrf'): Promise<string | undefined> {
  return (await tokenInForm(request, field)).token
}

/** A body in these pieces, without a Content-Length; `undefined` for one that never ends. */
function streamOf(pieces: Iterable<Uint8Array | undefined>): ReadableStream<Uint8Array> {
  const iterator = pieces[Symbol.iterator]()
  return new ReadableStream(
    {
      pull(controller) {
        const { done, value } = iterator.next()
        if (done === true) controller.close()
        else if (value !== undefined) controller.enqueue(value)
      },
    },
    { highWaterMark: 0 },
  )
}

function post(body: BodyInit, type?: string): Request {
  const headers = type === undefined ? {} : { 'Content-Type': type }
  return new Request('https://app.example/', { method: 'POST', body, headers })
}

function chunked(bytes: Uint8Array, size: number, type: string): Request {
  const count = Math.ceil(bytes.length / size)
  const pieces = Array.from({ length: count }, (_, index) =>
    bytes.slice(index * size, (index + 1) * size),
  )
  return post(streamOf(pieces), type)
}

describe('a form’s token', () => {
  const other = fc.tuple(
    fc.string({ unit: fc.constantFrom(...'csrf=&%+ \r\n-"é€'.split('')), maxLength: 12 }),
    fc.string({ unit: 'binary-ascii', maxLength: 200 }),
  )
  const field = fc.constantFrom('csrf', '_xsrf', 'user[csrf]', 'a b+c&d', 'jeton-é')
  const token = fc.stringMatching(/^([\w-]{86}|[\w-]{128})$/)
  const fields = fc.tuple(fc.array(other, { maxLength: 4 }), fc.array(other, { maxLength: 4 }))

  test('is found as formData() finds it, in either kind of form and in pieces of any size', async () => {
    const form = fc.tuple(field, token, fields, fc.integer({ min: 1, max: 300 }), fc.boolean())
    await fc.assert(
      fc.asyncProperty(form, async ([name, text, [before, after], size, isMultipart]) => {
        const body = isMultipart ? new FormData() : new URLSearchParams()
        for (const [each, value] of [...before, [name, text] as const, ...after]) {
          if (each === name && value !== text) continue
          body.append(each, value)
        }
        const whole = post(body)
        const type = whole.headers.get('Content-Type') ?? ''
        const bytes = await whole.bytes()
        const request = chunked(bytes, size, type)
        expect(await tokenOf(request, name)).toBe(text)
        expect(await request.bytes()).toEqual(bytes)
        expect(await tokenOf(chunked(bytes, size, type), `${name}2`)).toBe(undefined)
      }),
      { numRuns: runs(200) },
    )
  })

  test.for([65_430, 65_535, 65_536, 130_000])(
    'is found across %i bytes of a file before it',
    async (size) => {
      const form = new FormData()
      form.set('file', new File([new Uint8Array(size).fill(97)], 'a.bin'))
      form.set('csrf', TOKEN)
      const whole = post(form)
      const type = whole.headers.get('Content-Type') ?? ''
      const bytes = await whole.bytes()
      for (const piece of [977, 65_536, 1_000_000]) {
        expect(await tokenOf(chunked(bytes, piece, type))).toBe(TOKEN)
      }
    },
  )

  test.for([976, 3999, 4000, 63_500])('is found across %i bytes of a field', async (size) => {
    for (const near of [0, 50, 90, 100]) {
      const text = `a=${'b'.repeat(size - near)}&csrf=${TOKEN}&c=d`
      for (const piece of [17, 977, 65_536]) {
        expect(await tokenOf(chunked(encoder.encode(text), piece, URLENCODED))).toBe(TOKEN)
      }
    }
  })

  test('may be percent-encoded, in a name that is, too', async () => {
    const spelled = TOKEN.replaceAll('_', '%5F').replaceAll('-', '%2d')
    for (const name of ['csrf', '%63srf', 'c%73r%66']) {
      expect(await tokenOf(post(`x=1&${name}=${spelled}`, URLENCODED))).toBe(TOKEN)
    }
  })

  test.for([
    ['in a file', `name="csrf"; filename="csrf"`, TOKEN],
    ['under another name', `name="xcsrf"`, TOKEN],
    ['in a file’s name', `name="a"; filename="csrf"`, TOKEN],
    ['too short', `name="csrf"`, TOKEN.slice(1)],
    ['with more behind it', `name="csrf"`, `${TOKEN}\n`],
  ])('is none %s', async ([, name, value]) => {
    const body = `--x\r\nContent-Disposition: form-data; ${name}\r\n\r\n${value}\r\n--x--\r\n`
    expect(await tokenOf(post(body, 'multipart/form-data; boundary=x'))).toBe(undefined)
  })

  test.for([
    ['multipart/form-data; boundary="a b"', 'a b', 'name="csrf"'],
    ['Multipart/Form-Data; charset=utf-8; Boundary=a.b', 'a.b', 'name=csrf'],
    ['multipart/form-data; boundary=a+b', 'a+b', 'name="csrf"\r\nContent-Type: text/plain'],
  ])('is found with %s', async ([type, boundary, name]) => {
    const body = `--${boundary}\r\ncontent-disposition: form-data; ${name}\r\n\r\n${TOKEN}\r\n--${boundary}--`
    expect(await tokenOf(post(body, type))).toBe(TOKEN)
  })
})

describe.for(KINDS)('of %s,', ([type, limit]) => {
  const isMultipart = type !== URLENCODED
  const before = isMultipart ? FILE : 'a='
  const field = isMultipart ? `\r\n${CSRF}${TOKEN}\r\n--x--\r\n` : `&csrf=${TOKEN}`

  /** A form whose token ends after so many bytes. */
  function formOf(bytes: number): Uint8Array {
    const needed = isMultipart ? field.slice(0, -'--\r\n'.length) : field
    const filling = 'b'.repeat(bytes - before.length - needed.length)
    return encoder.encode(`${before}${filling}${field}`)
  }

  /** Says a length that the body does not have. */
  function withLength(request: Request, length: number): Request {
    const headers = new Headers(request.headers)
    headers.set('Content-Length', String(length))
    return new Request(request, { headers })
  }

  test('a token up to the limit is found, and a later one is not, in pieces of any size', async () => {
    for (const size of [997, 65_536, 5_000_000]) {
      expect(await tokenInForm(chunked(formOf(limit), size, type), 'csrf')).toEqual({
        token: TOKEN,
      })
      expect(await tokenInForm(chunked(formOf(limit + 1), size, type), 'csrf')).toEqual({ limit })
    }
  })

  test.for([0, 10, 50_000_000])('a Content-Length of %i changes nothing', async (length) => {
    const early = withLength(chunked(formOf(limit), 9973, type), length)
    expect(await tokenInForm(early, 'csrf')).toEqual({ token: TOKEN })
    const late = withLength(chunked(formOf(limit + 1), 9973, type), length)
    expect(await tokenInForm(late, 'csrf')).toEqual({ limit })
  })

  test('no more is read, though the body never ends', async () => {
    let read = 0
    function* endless(): Generator<Uint8Array> {
      yield encoder.encode(before)
      for (;;) {
        read += 10_000
        yield new Uint8Array(10_000).fill(97)
      }
    }
    expect(await tokenInForm(post(streamOf(endless()), type), 'csrf')).toEqual({ limit })
    expect(read).toBeLessThan(limit + 100_000)
  })

  test('a body that stays open is not waited for', async () => {
    const open = (...pieces: Uint8Array[]): Request => post(streamOf([...pieces, undefined]), type)
    const full = encoder.encode(before + 'b'.repeat(limit - before.length))
    expect(await tokenInForm(open(full), 'csrf')).toEqual({ limit })
    const next = encoder.encode(isMultipart ? '' : '&b=c')
    expect(await tokenInForm(open(formOf(500), next), 'csrf')).toEqual({ token: TOKEN })
  })

  test('the refusal says what to do, and the right token passes in the header', async () => {
    const { sessions, events } = newSite()
    const upload = sessions.withSession(csrfGuard({ requireToken: true, field: 'x-y' })(() => 'in'))
    const response = await upload(post(streamOf([formOf(limit + 1)]), type), {}, CONTEXT)
    expect(response.status).toBe(403)
    expect(await response.json()).toMatchObject({
      code: 'ERR_CSRF',
      detail: `There is no CSRF token in the first ${limit / 1000} kB of the form. Put the field x-y first, or send X-CSRF-Token.`,
    })
    const short = await upload(post(streamOf([formOf(500)]), type), {}, CONTEXT)
    expect(await short.json()).toMatchObject({ detail: expect.stringMatching(/out of date/) })
    const refused = { type: 'refused', reason: 'csrf' }
    expect(events).toMatchObject([refused, refused])
  })

  test('the handler reads all of it, far past the limit', async () => {
    const site = newSite()
    site.routes['/upload'] = site.sessions.withSession(
      csrfGuard({ requireToken: true })(async (request) => (await request.bytes()).length),
    )
    const browser = site.browser()
    await browser.fetch('/set')
    const token = await browser.json<string>('/token')
    const first = isMultipart ? `${CSRF}${token}\r\n${FILE}` : `csrf=${token}&a=`
    const pieces = [first, ...Array<string>(30).fill('b'.repeat(100_000))].map((each) =>
      encoder.encode(each),
    )
    const sent = { method: 'POST', body: streamOf(pieces), headers: { 'Content-Type': type } }
    expect(await browser.json('/upload', sent)).toBe(first.length + 3_000_000)
  })
})

test('a token is not waited for, and the handler reads all that follows', async () => {
  const pieces = [`${CSRF}${TOKEN}\r\n${FILE}`, ...Array<string>(3).fill('b'.repeat(50_000))]
  const late: ((text: string) => void)[] = []
  const body = new ReadableStream<Uint8Array>({
    start(controller) {
      for (const piece of pieces) controller.enqueue(encoder.encode(piece))
      late.push((text) => {
        controller.enqueue(encoder.encode(text))
        controller.close()
      })
    },
  })
  const request = post(body, 'multipart/form-data; boundary=x')
  expect(await tokenOf(request)).toBe(TOKEN)
  late[0]?.('\r\n--x--\r\n')
  expect(await request.text()).toBe(`${pieces.join('')}\r\n--x--\r\n`)
})

test('a form in small pieces is searched no more than once for each kilobyte', async () => {
  const exec = vi.spyOn(RegExp.prototype, 'exec')
  const pieces = Array<Uint8Array>(10_000).fill(encoder.encode('&'))
  const request = post(streamOf(pieces), URLENCODED)
  exec.mockClear()
  const found = await tokenInForm(request, 'csrf')
  const { length } = exec.mock.calls.filter(([text]) => text.includes('&&'))
  exec.mockRestore()
  expect(found).toEqual({})
  expect(length).toBeGreaterThan(10)
  expect(length).toBeLessThan(50)
})

test.for([
  ['empty pairs', URLENCODED, 'a&'],
  ['equals signs', URLENCODED, '&csrf='],
  ['percent signs', URLENCODED, '%'],
  ['delimiters', 'multipart/form-data; boundary=x', '\r\n--x'],
  ['lines', 'multipart/form-data; boundary=x', '--x\r\n'],
  ['headers', 'multipart/form-data; boundary=x', '\r\n--x\r\na: b'],
  [
    'empty parts',
    'multipart/form-data; boundary=x',
    '\r\n--x\r\nContent-Disposition: form-data; name="csrf"\r\n\r\n',
  ],
] as const)('9.9 MB of %s are searched to the limit', async ([, type, text]) => {
  const limit = type === URLENCODED ? 64_000 : 1_000_000
  const body = text.repeat(9_900_000 / text.length)
  expect(await tokenInForm(post(body, type), 'csrf')).toEqual({ limit })
})
