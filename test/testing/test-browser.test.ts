import { describe, expect, test } from 'vitest'

import { type Initiator, TestBrowser } from '../../src/testing.ts'

/** A browser whose server says what it got, and answers as `answer` does. */
function newBrowser(
  answer: (request: Request) => Response = () => new Response(),
  options: ConstructorParameters<typeof TestBrowser>[1] = {},
): { browser: TestBrowser; requests: Request[] } {
  const requests: Request[] = []
  const server = (request: Request): Response => {
    requests.push(request.clone())
    return answer(request)
  }
  return { browser: new TestBrowser(server, options), requests }
}

function setting(...cookies: string[]): Response {
  return new Response('ok', { headers: cookies.map((cookie) => ['Set-Cookie', cookie]) })
}

/** What a server answers at each path: a redirect, or else what it got. */
function redirecting(routes: Record<string, [status: number, location: string, cookie?: string]>) {
  return (request: Request): Response => {
    const { pathname } = new URL(request.url)
    const [status = 200, location, cookie] = routes[pathname] ?? []
    if (location === undefined) {
      return Response.json({ path: pathname, method: request.method })
    }
    const headers = new Headers({ Location: location })
    if (cookie !== undefined) headers.set('Set-Cookie', cookie)
    return new Response(null, { status, headers })
  }
}

describe('a browser', () => {
  test('keeps what it gets, and sends it back where it belongs', async () => {
    const { browser, requests } = newBrowser(() => setting('a=1; Path=/', 'b=2; Path=/x'))
    await browser.fetch('/x')
    await browser.fetch('/x')
    await browser.fetch('/')
    await browser.fetch('https://other.example/')
    const sent = requests.map(({ headers }) => headers.get('Cookie'))
    expect(sent).toEqual([null, 'b=2; a=1', 'a=1', null])
    expect(browser.cookieHeader()).toBe('a=1')
    expect(browser.cookieHeader('/x')).toBe('b=2; a=1')
  })

  test('says why it kept a cookie not', async () => {
    const { browser } = newBrowser(() => setting('__Host-session=1; Path=/'))
    await browser.fetch('/')
    expect(browser.cookies.size).toBe(0)
    expect(browser.cookies.refused).toEqual([
      { name: '__Host-session', reason: 'its prefix needs Secure' },
    ])
  })

  test('begins with a Cookie header', async () => {
    const { browser, requests } = newBrowser(undefined, { cookie: '__Host-session=1.a; theme=x=y' })
    await browser.fetch('/x')
    expect(requests[0]?.headers.get('Cookie')).toBe('__Host-session=1.a; theme=x=y')
    expect(browser.cookies.get('theme')).toBe('x=y')
  })

  test('sends the cookies of the moment at which a request leaves', async () => {
    const release: (() => void)[] = []
    const sent: (string | null)[] = []
    const browser = new TestBrowser(async ({ headers }) => {
      sent.push(headers.get('Cookie'))
      await new Promise<void>((resolve) => void release.push(resolve))
      return setting(`n=${sent.length}; Path=/`)
    })
    const both = [browser.fetch('/'), browser.fetch('/')]
    for (const each of release) each()
    await Promise.all(both)
    const third = browser.fetch('/')
    release[2]?.()
    await third
    expect(sent).toEqual([null, null, 'n=2'])
  })

  test('lets a test say its own Cookie header', async () => {
    const { browser, requests } = newBrowser(undefined, { cookie: 'a=1' })
    await browser.fetch('/', { headers: { Cookie: 'a=forged' } })
    expect(requests[0]?.headers.get('Cookie')).toBe('a=forged')
  })

  test('has a copy with the same cookies and a jar of its own', async () => {
    const { browser } = newBrowser(() => setting('a=2; Path=/'), { cookie: 'a=1; b=1' })
    browser.cookies.delete('b')
    const copy = browser.copy()
    await browser.fetch('/')
    expect([copy.cookieHeader(), browser.cookieHeader()]).toEqual(['a=1', 'a=2'])
  })

  test('goes by its own clock', async () => {
    let now = 1000
    const { browser } = newBrowser(() => setting('a=1; Path=/; Max-Age=60'), { now: () => now })
    await browser.fetch('/')
    now += 60_000
    expect(browser.cookies.size).toBe(0)
  })

  test('sends a body and gives the parsed one of the answer', async () => {
    const { browser, requests } = newBrowser(() => Response.json({ ok: true }))
    const body = new URLSearchParams({ item: 'apple' })
    expect(await browser.json('/cart', { method: 'POST', body })).toEqual({ ok: true })
    expect(await requests[0]?.text()).toBe('item=apple')
  })
})

describe('a browser says who sends a request:', () => {
  const origin = 'https://app.example:8443'

  test.for<[from: Initiator | undefined, method: string, site: string | null, of: string | null]>([
    [undefined, 'GET', 'same-origin', null],
    [undefined, 'POST', 'same-origin', origin],
    ['same-origin', 'DELETE', 'same-origin', origin],
    ['same-site', 'POST', 'same-site', 'https://sibling.app.example:8443'],
    ['cross-site', 'POST', 'cross-site', 'https://another-site.example'],
    ['cross-site', 'GET', 'cross-site', null],
    ['none', 'POST', 'none', null],
    ['client', 'POST', null, null],
  ])('%s, with %s, by Sec-Fetch-Site %s and Origin %s', async ([from, method, site, of]) => {
    const { browser, requests } = newBrowser(undefined, { origin })
    await browser.fetch('/', { method, ...(from && { from }) })
    const { headers } = requests[0] ?? new Request(origin)
    expect([headers.get('Sec-Fetch-Site'), headers.get('Origin')]).toEqual([site, of])
  })

  test('what a test says itself counts', async () => {
    const { browser, requests } = newBrowser(undefined, { from: 'cross-site' })
    const headers = { Origin: 'https://pay.example', 'Sec-Fetch-Site': 'same-site' }
    await browser.fetch('/', { method: 'POST', headers })
    await browser.fetch('/', { method: 'POST', from: 'client' })
    expect(requests.map((request) => request.headers.get('Origin'))).toEqual([
      'https://pay.example',
      null,
    ])
    expect(requests[0]?.headers.get('Sec-Fetch-Site')).toBe('same-site')
  })

  test('a SameSite cookie stays at home when it is another site', async () => {
    const { browser, requests } = newBrowser(undefined, { cookie: 'a=1' })
    await browser.fetch('/', { method: 'POST', from: 'cross-site' })
    await browser.fetch('/', { method: 'GET', from: 'cross-site' })
    await browser.fetch('/', { method: 'POST', from: 'same-site' })
    expect(requests.map(({ headers }) => headers.get('Cookie'))).toEqual([null, 'a=1', 'a=1'])
  })
})

test.for([
  ['https://example.com/a', 'same-origin'],
  ['https://api.example.com/a', 'same-site'],
  ['http://example.com/a', 'cross-site'],
  ['https://other.example/a', 'cross-site'],
] as const)('a page of https://example.com that asks %s is %s', async ([address, site]) => {
  const { browser, requests } = newBrowser(() => new Response('ok'))
  await browser.fetch(address, { method: 'POST' })
  expect(requests[0]?.headers.get('Sec-Fetch-Site')).toBe(site)
  expect(requests[0]?.headers.get('Origin')).toBe('https://example.com')
})

describe('a redirect', () => {
  test('is what the test gets, unless it is to be followed', async () => {
    const { browser, requests } = newBrowser(redirecting({ '/in': [303, '/home', 'a=1; Path=/'] }))
    const response = await browser.fetch('/in', { method: 'POST' })
    // A server that is the runtime's own fetch would follow it otherwise, and lose the cookie.
    expect(requests.map((request) => request.redirect)).toEqual(['manual'])
    expect([response.status, response.headers.get('Location')]).toEqual([303, '/home'])
    expect(browser.cookieHeader()).toBe('a=1')
  })

  test.for([
    [301, 'POST', 'GET'],
    [302, 'POST', 'GET'],
    [303, 'POST', 'GET'],
    [303, 'PUT', 'GET'],
    [302, 'PUT', 'PUT'],
    [307, 'POST', 'POST'],
    [308, 'POST', 'POST'],
    [303, 'HEAD', 'HEAD'],
    [302, 'GET', 'GET'],
  ] as const)('by %i after %s is followed by %s', async ([status, method, next]) => {
    const { browser, requests } = newBrowser(redirecting({ '/in': [status, '/home'] }))
    const body = method === 'GET' || method === 'HEAD' ? {} : { body: 'text' }
    await browser.fetch('/in', { method, redirect: 'follow', ...body })
    const last = requests[1] ?? new Request('https://none.example')
    expect([new URL(last.url).pathname, last.method]).toEqual(['/home', next])
    expect(await last.text()).toBe(next === method && 'body' in body ? 'text' : '')
    expect(last.headers.has('Content-Type')).toBe(next === method && 'body' in body)
  })

  test('gives and gets cookies on its way', async () => {
    const { browser, requests } = newBrowser(
      redirecting({
        '/in': [303, '/between', 'a=1; Path=/'],
        '/between': [302, 'home', 'b=2; Path=/'],
      }),
    )
    expect(await browser.json('/in', { method: 'POST', redirect: 'follow' })).toEqual({
      path: '/home',
      method: 'GET',
    })
    expect(requests.map(({ headers }) => headers.get('Cookie'))).toEqual([null, 'a=1', 'a=1; b=2'])
  })

  test('to another origin takes no Authorization along, and is said to come from elsewhere', async () => {
    const { browser, requests } = newBrowser(
      redirecting({ '/in': [307, 'https://other.example/home'], '/here': [307, '/home'] }),
    )
    const init = { method: 'POST', redirect: 'follow', headers: { Authorization: 'x' } } as const
    await browser.fetch('/in', init)
    await browser.fetch('/here', init)
    const [, elsewhere, , here] = requests
    expect(elsewhere?.headers.get('Authorization')).toBeNull()
    expect(elsewhere?.headers.get('Sec-Fetch-Site')).toBe('cross-site')
    expect(elsewhere?.headers.get('Origin')).toBe('https://example.com')
    expect(here?.headers.get('Authorization')).toBe('x')
    expect(here?.headers.get('Sec-Fetch-Site')).toBe('same-origin')
  })

  test('is an error where a test says so, and where there is no end of them', async () => {
    const { browser, requests } = newBrowser(redirecting({ '/in': [302, '/in'] }))
    await expect(browser.fetch('/in', { redirect: 'error' })).rejects.toThrow(TypeError)
    requests.length = 0
    await expect(browser.fetch('/in', { redirect: 'follow' })).rejects.toThrow('Too many redirects')
    expect(requests).toHaveLength(21)
  })
})
