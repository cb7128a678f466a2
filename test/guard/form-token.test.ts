import fc from 'fast-check'
import { describe, expect, test } from 'vitest'

import { csrfGuard } from '../../src/guard/csrf.ts'
import { tokenInForm } from '../../src/guard/form-token.ts'
import { CONTEXT, newSite } from '../support/site.ts'

const URLENCODED = 'application/x-www-form-urlencoded'
const TOKEN = `${'aB3_-'.repeat(17)}A`
const LIMIT = 10_000_000
const encoder = new TextEncoder()

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
        expect(await tokenInForm(request, name)).toBe(text)
        expect(await request.bytes()).toEqual(bytes)
        expect(await tokenInForm(chunked(bytes, size, type), `${name}2`)).toBe(undefined)
      }),
      { numRuns: 200 },
    )
  })

  test.for([65_430, 65_535, 65_536, 130_000])(
    'is found across %i bytes before it',
    async (size) => {
      const form = new FormData()
      form.set('file', new File([new Uint8Array(size).fill(97)], 'a.bin'))
      form.set('csrf', TOKEN)
      const multipart = post(form)
      expect(await tokenInForm(multipart, 'csrf')).toBe(TOKEN)
      for (const near of [0, 50, 90, 100]) {
        const text = `a=${'b'.repeat(size - near)}&csrf=${TOKEN}&c=d`
        expect(await tokenInForm(chunked(encoder.encode(text), 977, URLENCODED), 'csrf')).toBe(
          TOKEN,
        )
      }
    },
  )

  test('may be percent-encoded, in a name that is, too', async () => {
    const spelled = TOKEN.replaceAll('_', '%5F').replaceAll('-', '%2d')
    for (const name of ['csrf', '%63srf', 'c%73r%66']) {
      expect(await tokenInForm(post(`x=1&${name}=${spelled}`, URLENCODED), 'csrf')).toBe(TOKEN)
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
    expect(await tokenInForm(post(body, 'multipart/form-data; boundary=x'), 'csrf')).toBe(undefined)
  })

  test.for([
    ['multipart/form-data; boundary="a b"', 'a b', 'name="csrf"'],
    ['Multipart/Form-Data; charset=utf-8; Boundary=a.b', 'a.b', 'name=csrf'],
    ['multipart/form-data; boundary=a+b', 'a+b', 'name="csrf"\r\nContent-Type: text/plain'],
  ])('is found with %s', async ([type, boundary, name]) => {
    const body = `--${boundary}\r\ncontent-disposition: form-data; ${name}\r\n\r\n${TOKEN}\r\n--${boundary}--`
    expect(await tokenInForm(post(body, type), 'csrf')).toBe(TOKEN)
  })
})

describe('a form without a length', () => {
  function* endless(start: string): Generator<Uint8Array | undefined> {
    yield encoder.encode(start)
    const piece = new Uint8Array(100_000).fill(97)
    for (;;) yield piece
  }
  const file = '--x\r\nContent-Disposition: form-data; name="f"; filename="f"\r\n\r\n'
  const csrf = '--x\r\nContent-Disposition: form-data; name="csrf"\r\n\r\n'

  test.for([
    ['multipart/form-data; boundary=x', file],
    [URLENCODED, 'a='],
  ] as const)('is read to its limit, as %s, and no further', async ([type, start]) => {
    let read = 0
    function* counted(): Generator<Uint8Array | undefined> {
      for (const piece of endless(start)) {
        read += piece?.length ?? 0
        yield piece
      }
    }
    const request = post(streamOf(counted()), type)
    expect(await tokenInForm(request, 'csrf')).toBe(undefined)
    expect(read).toBeGreaterThan(LIMIT)
    expect(read).toBeLessThan(LIMIT + 1_000_000)
  })

  test('is answered by 403 past its limit, though it never ends', async () => {
    const { sessions } = newSite()
    const upload = sessions.withSession(csrfGuard({ requireToken: true })(() => 'in'))
    const type = 'multipart/form-data; boundary=x'
    const response = await upload(post(streamOf(endless(file)), type), {}, CONTEXT)
    expect(response.status).toBe(403)
  })

  test('is not waited for once its token is found, and the handler reads all of it', async () => {
    const pieces = [`${csrf}${TOKEN}\r\n${file}`, ...Array<string>(3).fill('b'.repeat(50_000))]
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
    expect(await tokenInForm(request, 'csrf')).toBe(TOKEN)
    late[0]?.('\r\n--x--\r\n')
    expect(await request.text()).toBe(`${pieces.join('')}\r\n--x--\r\n`)
  })
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
] as const)('9.9 MB of %s are searched, within seconds', async ([, type, text]) => {
  const body = text.repeat(9_900_000 / text.length)
  const start = performance.now()
  expect(await tokenInForm(post(body, type), 'csrf')).toBe(undefined)
  expect(performance.now() - start).toBeLessThan(5000)
})
