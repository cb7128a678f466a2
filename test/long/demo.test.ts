import assert from 'node:assert/strict'
import { once } from 'node:events'
import { chmod, readFile, stat, writeFile } from 'node:fs/promises'
import type { IncomingMessage } from 'node:http'
import { request as httpsRequest } from 'node:https'
import { createServer } from 'node:net'
import { join } from 'node:path'
import { after } from 'node:test'

import { Demo, DEMO_FILES } from '../node/demo.ts'
import { copyProject, newDirectory, newPort } from '../node/project.ts'
import { describe, it } from '../node/suite.ts'
import { Browser } from '../support/browser.ts'

const COOKIES = { '': '__Host-session', '/kv': '__Host-session-kv' }

const directory = await newDirectory()
const secretFile = join(directory, '.dev.vars')
const port = await newPort()
const origin = `http://localhost:${port}`

await copyProject(directory, DEMO_FILES)
// Another variable, and open to everybody: the first is to stay, the second is not.
await writeFile(secretFile, 'OTHER=1')
await chmod(secretFile, 0o644)
let demo = new Demo(directory, port)
await demo.said(`edge-session demo: ${origin}/\n`)

const newBrowser = (): Browser => new Browser((request) => fetch(request), origin)

function post(browser: Browser, path: string, body?: unknown): Promise<Response> {
  return browser.fetch(path, {
    method: 'POST',
    headers: { 'Content-Type': 'application/json' },
    ...(body === undefined ? {} : { body: JSON.stringify(body) }),
  })
}

async function postJson(browser: Browser, path: string, body?: unknown): Promise<unknown> {
  const response = await post(browser, path, body)
  assert.equal(response.status, 200, path)
  return response.json()
}

interface View {
  readonly id: string
  readonly isNew: boolean
  readonly createdAt: string | null
  readonly expiresAt: string | null
  readonly data: Record<string, unknown>
}

after(() => demo.kill())

for (const base of ['', '/kv'] as const) {
  describe(`the demo at ${base}/`, () => {
    it('shows a page to a visitor who stores nothing, and sets no cookie', async () => {
      const response = await newBrowser().fetch(`${base}/`)
      assert.equal(response.status, 200)
      assert.equal(response.headers.get('Content-Type'), 'text/html; charset=utf-8')
      assert.match(
        response.headers.get('Content-Security-Policy') ?? '',
        /^default-src 'none'; script-src 'nonce-([\w-]+)'; style-src 'nonce-\1'; img-src 'self'; connect-src 'self'; frame-src 'self'; form-action 'self'; base-uri 'none'; frame-ancestors 'none'$/,
      )
      assert.deepEqual(response.headers.getSetCookie(), [])
      assert.match(await response.text(), /<dt>is new<\/dt>\s*<dd>yes/)
    })

    it('keeps what is set, and forgets what is deleted or cleared', async () => {
      const browser = newBrowser()
      const anonymous = await browser.json<View>(`${base}/session`)
      assert.deepEqual([anonymous.isNew, anonymous.createdAt, anonymous.data], [true, null, {}])
      assert.deepEqual(await postJson(browser, `${base}/set/note`, 'milk'), { note: 'milk' })
      await postJson(browser, `${base}/set/cart`, ['apple'])
      await postJson(browser, `${base}/set/user`, { name: 'Ada' })
      const view = await browser.json<View>(`${base}/session`)
      assert.deepEqual(view.data, { note: 'milk', cart: ['apple'], user: { name: 'Ada' } })
      assert.equal(view.isNew, false)
      assert.ok(Date.parse(view.expiresAt ?? '') > Date.parse(view.createdAt ?? ''))
      await postJson(browser, `${base}/delete/note`)
      const afterDelete = await browser.json<View>(`${base}/session`)
      assert.deepEqual(Object.keys(afterDelete.data).toSorted(), ['cart', 'user'])
      await postJson(browser, `${base}/clear`)
      assert.deepEqual((await browser.json<View>(`${base}/session`)).data, {})
    })

    it('has a poll, which reads the same, and its row on the page', async () => {
      const browser = newBrowser()
      await postJson(browser, `${base}/set/note`, 'milk')
      const page = await (
        await browser.fetch(`${base}/`, { headers: { Accept: 'text/html' } })
      ).text()
      assert.match(page, new RegExp(`<a href="${base}/poll">`))
      const polled = await browser.fetch(`${base}/poll`)
      assert.deepEqual(polled.headers.getSetCookie(), [])
      const { id, data } = (await polled.json()) as View
      const view = await browser.json<View>(`${base}/session`)
      assert.deepEqual([id, data], [view.id, { note: 'milk' }])
    })

    it('shows a flash message once', async () => {
      const browser = newBrowser()
      await postJson(browser, `${base}/flash/notice`, 'Saved')
      assert.deepEqual(await browser.json(`${base}/flashes`), { notice: 'Saved' })
      assert.deepEqual(await browser.json(`${base}/flashes`), {})
      await postJson(browser, `${base}/flash/notice`, 'Saved again')
      assert.match(await (await browser.fetch(`${base}/`)).text(), /Saved again/)
      assert.doesNotMatch(await (await browser.fetch(`${base}/`)).text(), /Saved again/)
    })

    it('gives a new token on regenerate, and the old one is dead', async () => {
      const browser = newBrowser()
      await postJson(browser, `${base}/set/note`, 'mine')
      const thief = browser.copy()
      const first = await browser.json<View>(`${base}/session`)
      await postJson(browser, `${base}/regenerate`)
      const view = await browser.json<View>(`${base}/session`)
      assert.deepEqual([view.id, view.data], [first.id, { note: 'mine' }])
      assert.notEqual(browser.cookieHeader(), thief.cookieHeader())
      assert.deepEqual((await thief.json<View>(`${base}/session`)).data, {})
    })

    it('clears the cookie on destroy, and an old copy of it is anonymous', async () => {
      const browser = newBrowser()
      await postJson(browser, `${base}/set/note`, 'mine')
      const thief = browser.copy()
      const response = await post(browser, `${base}/destroy`)
      assert.deepEqual(response.headers.getSetCookie(), [
        `${COOKIES[base]}=; Max-Age=0; Path=/; Secure; HttpOnly; SameSite=Lax; Priority=High`,
      ])
      assert.equal(browser.cookies.size, 0)
      const view = await thief.json<View>(`${base}/session`)
      assert.deepEqual([view.isNew, view.data], [true, {}])
    })

    it('takes forms, and sends a browser back to the page', async () => {
      const browser = newBrowser()
      const response = await browser.fetch(`${base}/set/cart`, {
        method: 'POST',
        headers: { Accept: 'text/html,application/xhtml+xml,*/*;q=0.8' },
        body: new URLSearchParams({ value: 'apple, pear' }),
        redirect: 'manual',
      })
      assert.equal(response.status, 303)
      assert.equal(response.headers.get('Location'), `${base}/`)
      assert.deepEqual((await browser.json<View>(`${base}/session`)).data, {
        cart: ['apple', 'pear'],
      })
    })

    it('says on the next page that a browser does not send its cookie back', async () => {
      const click = await fetch(`${origin}${base}/set/note?show=cost`, {
        method: 'POST',
        redirect: 'manual',
        headers: { Accept: 'text/html', 'Content-Type': 'application/x-www-form-urlencoded' },
        body: 'value=milk',
      })
      const [cookie = ''] = click.headers.getSetCookie()
      const next = new URL(click.headers.get('Location') ?? '', origin)
      const pageFor = async (url: URL, headers: Record<string, string> = {}): Promise<string> =>
        (await fetch(url, { headers: { Accept: 'text/html', ...headers } })).text()
      assert.match(await pageFor(next), /did not come back.*npm start -- --https/s)
      const kept = await pageFor(next, { Cookie: cookie.split(';', 1).join('') })
      assert.doesNotMatch(kept, /did not come back/)
      assert.doesNotMatch(await pageFor(new URL(`${base}/`, origin)), /did not come back/)
      // The account page asks who has no session to sign in, again and again.
      const account = new URL(`${base}/account${next.search}`, origin)
      assert.match(await pageFor(account), /did not come back/)
    })

    it('escapes what it shows', async () => {
      const browser = newBrowser()
      await postJson(browser, `${base}/set/note`, '<script>alert(1)</script>')
      await postJson(browser, `${base}/flash/${encodeURIComponent('<b>')}`, '"><img src=x>')
      const text = await (await browser.fetch(`${base}/`)).text()
      assert.doesNotMatch(text, /<script>|<b>|<img/)
      assert.match(text, /&lt;script&gt;alert\(1\)&lt;\/script&gt;/)
      assert.match(text, /&lt;b&gt;/)
    })

    it('says in two headers what each answer has cost', async () => {
      const browser = newBrowser()
      const kv = (...operations: string[]): string[] => (base === '' ? [] : operations)
      const costs = async (path: string, body?: unknown): Promise<(string | null)[]> => {
        const response = await (body === undefined
          ? browser.fetch(base + path)
          : post(browser, base + path, body))
        await response.body?.cancel()
        return ['X-Store-Calls', 'X-Set-Cookie'].map((name) => response.headers.get(name))
      }
      const called = (...calls: string[]): string => calls.join(', ')
      assert.deepEqual(await costs('/session'), ['none', 'none'])
      assert.deepEqual(await costs('/set/note', 'a'), [called('create', ...kv('kv.put')), 'set'])
      assert.deepEqual(await costs('/session'), [called('read', ...kv('kv.get')), 'none'])
      assert.deepEqual(await costs('/set/note', 'b'), [
        called('write', ...kv('kv.get', 'kv.put')),
        'none',
      ])
      assert.deepEqual(await costs('/destroy', null), [
        called('destroy', ...kv('kv.get', 'kv.put')),
        'cleared',
      ])
    })

    it('brings the cost of a click to the page that its form asks for, and believes no address blindly', async () => {
      const browser = newBrowser()
      const response = await browser.fetch(`${base}/set/note?show=cost`, {
        method: 'POST',
        headers: { Accept: 'text/html' },
        body: new URLSearchParams({ value: 'milk' }),
        redirect: 'manual',
      })
      const location = response.headers.get('Location') ?? ''
      assert.match(location, new RegExp(`^${base}/\\?click=`))
      assert.match(
        await (await browser.fetch(location)).text(),
        new RegExp(`POST ${base}/set/note</code></strong>\\s*1 store call \\(create\\)`),
      )
      for (const click of ['/x read nothing', '<b> read set', '/x read+<b> set', '/x']) {
        const page = await browser.fetch(`${base}/?click=${encodeURIComponent(click)}`)
        assert.match(await page.text(), /<strong>This page:<\/strong>/, click)
      }
    })

    it('holds browsers to where their requests come from, and lets curl pass', async () => {
      const browser = newBrowser()
      await postJson(browser, `${base}/set/note`, 'mine')
      const from = (headers: Record<string, string>): Promise<Response> =>
        browser.fetch(`${base}/set/note`, { method: 'POST', headers, body: '"theirs"' })
      for (const headers of [
        { Origin: 'https://evil.example' },
        { Origin: 'null' },
        { Origin: origin, 'Sec-Fetch-Site': 'cross-site' },
        { 'Sec-Fetch-Site': 'same-site' },
      ]) {
        const response = await from(headers)
        assert.equal(response.status, 403)
        assert.match(await response.text(), /ERR_CROSS_ORIGIN/)
      }
      assert.deepEqual((await browser.json<View>(`${base}/session`)).data, { note: 'mine' })
      for (const headers of [{}, { Origin: origin }, { 'Sec-Fetch-Site': 'same-origin' }]) {
        assert.equal((await from(headers)).status, 200)
      }
    })

    it('tells a token that was changed, and needs one to change', async () => {
      const browser = newBrowser()
      const check = (fields: Record<string, string>): Promise<Response> =>
        browser.fetch(`${base}/token/check`, { method: 'POST', body: new URLSearchParams(fields) })
      assert.equal((await check({ part: 'handle' })).status, 400)
      await postJson(browser, `${base}/set/note`, 'mine')
      const own = browser.cookies.get(COOKIES[base]) ?? ''
      const right = (await (await check({ token: own })).json()) as {
        verdict: { ok: boolean; token: Record<string, unknown> }
      }
      assert.equal(right.verdict.ok, true)
      assert.deepEqual(Object.keys(right.verdict.token).toSorted(), [
        'createdAt',
        'handle',
        'usedAt',
      ])
      for (const part of ['created', 'used', 'secret', 'handle', 'mac']) {
        const wrong = (await (await check({ part })).json()) as { verdict: unknown }
        assert.deepEqual(wrong.verdict, { ok: false, reason: 'forged' }, part)
      }
      const missing = await check({ part: 'revision' })
      assert.equal(missing.status, 400)
      assert.match(await missing.text(), /no part .*It has version, key, created, used, secret/)
      assert.equal(browser.cookies.get(COOKIES[base]), own)
    })

    it('calls the provider once for ten parallel requests of one session', async () => {
      if (base !== '') return
      const browser = newBrowser()
      assert.equal((await browser.fetch('/once/ten', { method: 'POST' })).status, 400)
      await postJson(browser, '/set/note', 'mine')
      const report = await (await browser.fetch('/once/ten', { method: 'POST' })).json()
      assert.deepEqual(report, { requests: 10, answered: 10, calls: 1 })
    })

    it('asks no browser to register a device over http, and lets a copy of the cookie in', async () => {
      if (base !== '') return
      const browser = newBrowser()
      assert.equal((await browser.fetch('/bound/copy', { method: 'POST' })).status, 400)
      const form = { method: 'POST', body: new URLSearchParams({ name: 'bound' }) }
      const signedIn = await browser.fetch('/login', form)
      assert.equal(signedIn.headers.has('Secure-Session-Registration'), false)
      const copy = await browser.fetch('/bound/copy', { method: 'POST' })
      assert.equal(((await copy.json()) as { status: number }).status, 200)
      const page = await (await browser.fetch('/')).text()
      assert.match(page, /Browsers bind sessions over https only.*npm start -- --https/s)
    })

    it('runs the race lab for who has no script, and only as large as it may be', async () => {
      const browser = newBrowser()
      const run = (count: string): Promise<Response> =>
        browser.fetch(`${base}/lab`, { method: 'POST', body: new URLSearchParams({ count }) })
      for (const count of ['', '1', '51', '2.5', 'x']) assert.equal((await run(count)).status, 400)
      const reports = (await (await run('12')).json()) as Record<string, unknown>[]
      assert.deepEqual(
        reports.map(({ lane, sent, slowStatus, afterwards }) => [
          lane,
          sent,
          slowStatus,
          afterwards,
        ]),
        [
          ['objects', 12, 409, 'dead'],
          ['kv', 12, 409, 'dead'],
          ['naive', 12, 200, 'resurrected'],
        ],
      )
      const [objects, kv, naive] = reports.map(({ arrived }) => Number(arrived))
      assert.equal(objects, 12)
      assert.ok(Number(kv) < 12 && Number(naive) < 12)
      assert.equal(browser.cookies.size, 0)
    })

    it('says what is wrong with a request, and stores nothing then', async () => {
      const browser = newBrowser()
      const faults: readonly (readonly [string, string, number, RegExp])[] = [
        [`${base}/set/nope`, '1', 400, /"nope" is not a key of this demo/],
        [`${base}/set/__proto__`, '1', 400, /is not a key of this demo/],
        [`${base}/set/note`, '{', 400, /not JSON/],
        [`${base}/set/note`, '1', 400, /note takes a text\. Send JSON: "Milk, and bread"/],
        [`${base}/set/visits`, '"7"', 400, /visits takes a number\. Send JSON: 7, for example/],
        [`${base}/set/user`, '"Ada"', 400, /an object with a name\. Send JSON: {"name": "Ada"}/],
        [`${base}/set/%E0%A4%A`, '1', 400, /path/],
        [`${base}/increment/visits?by=x`, '', 400, /by is "x"/],
        [`${base}/nothing`, '', 404, /nothing here/],
      ]
      for (const [path, body, status, message] of faults) {
        const response = await browser.fetch(path, { method: 'POST', body })
        assert.equal(response.status, status, path)
        const failure = (await response.json()) as { message: string }
        assert.match(failure.message, message)
        assert.deepEqual(Object.keys(failure), ['status', 'message'])
      }
      assert.equal(browser.cookies.size, 0)
    })
  })
}

describe('atomic operations', () => {
  it('count, append and take exactly once on Durable Objects', async () => {
    const browser = newBrowser()
    await postJson(browser, '/set/state', 'once')
    const ten = Array.from({ length: 10 }, (_, index) => index)
    await Promise.all([
      ...ten.map(() => postJson(browser, '/increment/visits?by=2')),
      ...ten.map((index) => postJson(browser, '/update/cart', `item ${index}`)),
    ])
    const { data } = await browser.json<View>('/session')
    assert.equal(data['visits'], 20)
    const items = data['cart'] as string[]
    assert.deepEqual(
      items.toSorted(),
      ten.map((index) => `item ${index}`),
    )
    const taken = await Promise.all(ten.map(() => postJson(browser, '/take/state')))
    const states = taken.map((answer) => (answer as { state: unknown }).state)
    assert.deepEqual(
      states.filter((state) => state !== null),
      ['once'],
    )
  })

  it('show what a form has taken on the page', async () => {
    const browser = newBrowser()
    await postJson(browser, '/set/state', 'a one-time token')
    await browser.fetch('/take/state', {
      method: 'POST',
      headers: { Accept: 'text/html' },
      redirect: 'manual',
    })
    assert.match(await (await browser.fetch('/')).text(), /taken: state<\/strong> a one-time token/)
  })

  it('are refused on KV, with the name of a store that can', async () => {
    const browser = newBrowser()
    await postJson(browser, '/kv/set/state', 'kept')
    for (const path of ['/kv/increment/visits', '/kv/update/cart', '/kv/take/state']) {
      const response = await post(browser, path, 'plum')
      assert.equal(response.status, 501, path)
      const failure = (await response.json()) as Record<string, unknown>
      assert.equal(failure['code'], 'ERR_NOT_ATOMIC')
      assert.match(String(failure['message']), /durableObjectStore/)
    }
    const page = await browser.fetch('/kv/take/state', {
      method: 'POST',
      headers: { Accept: 'text/html' },
    })
    assert.equal(page.status, 501)
    assert.match(await page.text(), /durableObjectStore/)
    assert.deepEqual((await browser.json<View>('/kv/session')).data, { state: 'kept' })
  })

  it('keep the two stores apart on one host', async () => {
    const browser = newBrowser()
    await postJson(browser, '/set/note', 'in an object')
    await postJson(browser, '/kv/set/note', 'in KV')
    assert.deepEqual([...browser.cookies.keys()], Object.values(COOKIES))
    assert.deepEqual((await browser.json<View>('/session')).data, { note: 'in an object' })
    await postJson(browser, '/destroy')
    assert.deepEqual((await browser.json<View>('/kv/session')).data, { note: 'in KV' })
  })
})

describe('npm start', () => {
  it('makes a secret that only its owner can read, and keeps the other variables', async () => {
    assert.match(await readFile(secretFile, 'utf8'), /^OTHER=1\nSESSION_SECRET=[\w-]{43}\n$/)
    assert.equal((await stat(secretFile)).mode & 0o777, 0o600)
  })

  it('says that its port is taken', async () => {
    const second = new Demo(directory, port)
    try {
      await second.said(`Port ${port} is taken.`)
      await second.exited()
      assert.equal(second.exitCode, 1)
    } finally {
      second.kill()
    }
  })

  it('leaves no process behind, and is the same demo the next time', async () => {
    const browser = newBrowser()
    await postJson(browser, '/set/note', 'kept over a restart')
    const secret = await readFile(secretFile, 'utf8')
    assert.equal(await demo.stop(), false, 'processes are left')
    const server = createServer().listen(port, '127.0.0.1')
    await once(server, 'listening')
    server.close()
    await once(server, 'close')

    demo = new Demo(directory, port)
    await demo.said(`edge-session demo: ${origin}/\n`)
    assert.equal(await readFile(secretFile, 'utf8'), secret)
    assert.deepEqual((await browser.json<View>('/session')).data, { note: 'kept over a restart' })
    assert.equal(await demo.stop(), false, 'processes are left')
  })

  it('speaks https where it is asked to, and pages name it no more as the way out', async () => {
    demo = new Demo(directory, port, '--https')
    const secure = `https://localhost:${port}`
    await demo.said(`edge-session demo: ${secure}/\n`)
    const { status, text } = await overHttps(`${secure}/?click=/set/note+create+set`)
    assert.equal(status, 200)
    assert.match(text, /did not come back.*Allow cookies for this site/s)
    assert.doesNotMatch(text, /--https/)
    assert.equal(await demo.stop(), false, 'processes are left')
  })
})

/** Asks for a page, whatever the certificate is. */
async function overHttps(url: string): Promise<{ status: number | undefined; text: string }> {
  const request = httpsRequest(url, { rejectUnauthorized: false, headers: { Accept: 'text/html' } })
  request.end()
  const [response] = (await once(request, 'response')) as [IncomingMessage]
  const chunks: Buffer[] = []
  for await (const chunk of response) chunks.push(chunk as Buffer)
  return { status: response.statusCode, text: Buffer.concat(chunks).toString() }
}
