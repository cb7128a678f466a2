import assert from 'node:assert/strict'
import { after } from 'node:test'

import { accounts } from '../../src/accounts.ts'
import { createSessions, type SessionEvent, type SessionOptions } from '../../src/index.ts'
import { remembering } from '../../src/remember.ts'
import { cached } from '../../src/store/cached.ts'
import { kvStore } from '../../src/store/kv.ts'
import { memoryStore } from '../../src/store/memory.ts'
import { cookieFor } from '../../src/testing.ts'
import { accountsServer } from '../node/accounts.ts'
import { directoryWith, edgeSession, type Outcome } from '../node/command.ts'
import { describe, it } from '../node/suite.ts'
import { Browser } from '../support/browser.ts'

const SECRET = 'only-for-tests-only-for-tests-only-for-tests'
const OTHER = 'another-one-another-one-another-one-another'
const MINUTE = 60_000
const START = Date.parse('2026-11-21T12:00:00.000Z')
const DIRECTORY = await directoryWith({})
const values = new Map<string, string>()
const KV = {
  get: async (key: string) => values.get(key) ?? null,
  put: async (key: string, value: string) => void values.set(key, value),
  delete: async (key: string) => void values.delete(key),
}

interface Made {
  /** The cookie's name and value. */
  readonly pair: string
  readonly token: string
  readonly id: string
}

/** A session as the library makes it, and its cookie. */
async function made(options: Partial<SessionOptions<unknown>> = {}): Promise<Made> {
  const sessions = createSessions({
    secrets: [SECRET],
    store: memoryStore(),
    now: () => START,
    ...options,
  })
  const session = await sessions.open(new Request('https://app.example/'), undefined)
  session.set('cart', ['a secret thing'])
  const response = await sessions.commit(session, new Response())
  const [pair = ''] = (response.headers.getSetCookie()[0] ?? '').split(';')
  return { pair, token: pair.slice(pair.indexOf('=') + 1), id: session.id }
}

/** What the library itself says of a cookie, at a time. */
async function libraryEvents(
  pair: string,
  now: number,
  options: Partial<SessionOptions<unknown>> = {},
): Promise<SessionEvent[]> {
  const events: SessionEvent[] = []
  const onEvent = (event: SessionEvent): void => void events.push(event)
  const sessions = createSessions({
    secrets: [SECRET],
    store: memoryStore(),
    ...options,
    now: () => now,
    onEvent,
  })
  await sessions.open(new Request('https://app.example/', { headers: { Cookie: pair } }), undefined)
  return events
}

function inspect(
  args: readonly string[],
  input = '',
  env: Record<string, string> = { SESSION_SECRET: SECRET },
): Promise<Outcome> {
  return edgeSession(DIRECTORY, ['inspect', '--now', new Date(START).toISOString(), ...args], {
    input,
    env,
  })
}

interface Report {
  readonly cookie: string
  readonly accepted: boolean
  readonly tokens: readonly Record<string, unknown>[]
}

async function report(
  args: readonly string[],
  input = '',
  env?: Record<string, string>,
): Promise<{ code: number | null; first: Record<string, unknown>; report: Report }> {
  const { code, stdout, stderr } = await inspect(['--json', ...args], input, env)
  assert.equal(stderr, '')
  const read = JSON.parse(stdout) as Report
  assert.equal(read.accepted, code === 0)
  return { code, first: read.tokens[0] ?? {}, report: read }
}

/** Nothing of a token's rotating secret, of its signature or of a signing secret is shown. */
function assertDiscreet({ stdout, stderr }: Outcome, token: string): void {
  const [, , body = '', mac = ''] = token.split('.')
  const rotating = body.slice(16, 48)
  for (const shown of [stdout, stderr]) {
    for (const hidden of [
      token,
      mac,
      mac.slice(0, 12),
      rotating,
      rotating.slice(0, 12),
      SECRET,
      OTHER,
    ]) {
      assert.ok(hidden === '' || !shown.includes(hidden))
    }
  }
}

describe('edge-session inspect', () => {
  it('says what a token holds, as the library knows it', async () => {
    const { token, id } = await made()
    const outcome = await inspect([token])
    assert.equal(outcome.code, 0, outcome.stderr)
    for (const line of [
      /^cookie +__Host-session$/m,
      /^form +1$/m,
      new RegExp(`^session id +${id}$`, 'm'),
      new RegExp(`^key id +${token.split('.')[1]}, of SESSION_SECRET of the environment$`, 'm'),
      /^signature +valid$/m,
      /^created +2026-11-21T12:00:00\.000Z, 0 seconds ago$/m,
      /^idle until +2026-11-21T12:30:00\.000Z, in 30 minutes$/m,
      /^absolute until +2026-11-22T00:00:00\.000Z, in 12 hours$/m,
      /^verdict +accepted/m,
    ]) {
      assert.match(outcome.stdout, line)
    }
    assertDiscreet(outcome, token)
  })

  const stores = [
    { kind: 'memory', store: memoryStore() },
    { kind: 'kv', store: kvStore(KV) },
  ]
  for (const { kind, store } of stores) {
    it(`knows a session of ${kind} by the id that logs have`, async () => {
      const { token, id } = await made({ store })
      const { first } = await report([token])
      assert.deepEqual([first['store'], first['sessionId']], [kind, id])
    })
  }

  it('knows a session of a Durable Object by the id that logs have', async () => {
    const server = await accountsServer()
    after(() => server.kill())
    const browser = new Browser((request) => fetch(request), server.origin)
    await browser.json('/sign-in?user=ada')
    const [[name, token] = ['', '']] = browser.cookies
    const [listed] = await browser.json<{ id: string }[]>('/list?user=ada')
    const { code, first } = await report(['--now', String(Date.now()), `${name}=${token}`])
    assert.equal(code, 0)
    assert.deepEqual([first['store'], first['sessionId']], ['durable-object', listed?.id])
  })

  it('reads the other form, with a bookmark', async () => {
    const { token } = await made({ store: cached(memoryStore(), { maxAgeSeconds: 30 }) })
    const { first } = await report([token])
    assert.deepEqual([first['form'], first['bookmark'], first['verdict']], [2, 1, 'accepted'])
  })

  it('takes a token, name=value, and whole headers, as an argument or from standard input', async () => {
    const { pair, token } = await made()
    const forms = [
      token,
      pair,
      `theme=dark; ${pair}; a=b`,
      `Cookie: theme=dark; ${pair}`,
      `set-cookie: ${pair}; Path=/; Secure; HttpOnly; SameSite=Lax`,
    ]
    const first = await report([token])
    for (const form of forms) {
      assert.deepEqual(await report([form]), first, form)
      assert.deepEqual(await report(['-'], `${form}\n`), first, form)
    }
    const response = `HTTP/1.1 200 OK\r\nVary: Cookie\r\nSet-Cookie: a=b\r\nSet-Cookie: ${pair}; Path=/\r\n\r\n`
    assert.deepEqual(await report(['-'], response), first)
  })

  it('takes the name from the cookie, since the signature covers it', async () => {
    const { pair, token } = await made({ cookie: { name: 'sid' } })
    assert.equal((await report([pair])).report.cookie, 'sid')
    assert.equal((await report([`a=b; ${pair}`])).code, 0)
    assert.equal((await report(['--name', 'sid', token])).code, 0)
    const bare = await report([token])
    assert.deepEqual([bare.code, bare.first['reason']], [1, 'forged'])
    assert.match(String(bare.first['advice']), /signed for a cookie other than __Host-session/)
    const other = await inspect(['--name', 'other', pair])
    assert.equal(other.code, 2)
    assert.match(other.stderr, /no cookie other\. There is: sid\./)
    assertDiscreet(other, token)
  })

  it('judges each of several cookies with the name, and takes the first good one as the library does', async () => {
    const { pair, token } = await made()
    const { code, report: both } = await report([`__Host-session=old; ${pair}`])
    assert.equal(code, 0)
    assert.deepEqual(
      both.tokens.map(({ verdict }) => verdict),
      ['refused', 'accepted'],
    )
    assert.equal(token.length > 0, true)
  })

  describe('refuses as the library does', () => {
    const changed = (token: string, at: number): string =>
      token.slice(0, at) + (token[at] === 'A' ? 'B' : 'A') + token.slice(at + 1)
    const changes: [what: string, change: (token: string) => string, advice: RegExp][] = [
      ['a changed body', (token) => changed(token, 12), /It was changed/],
      ['a changed signature', (token) => changed(token, token.length - 5), /It was changed/],
      [
        'another key id',
        (token) => changed(token, 3),
        /None of these secrets signed it: [\w-]{4} \(SESSION_SECRET of the environment\)/,
      ],
      [
        'a cut end',
        (token) => token.slice(0, -3),
        /signature has 40 of 43 characters: it was cut off/,
      ],
      [
        'a missing signature',
        (token) => token.slice(0, token.lastIndexOf('.')),
        /3 of the four parts/,
      ],
      ['something behind', (token) => `${token}x`, /added at its end/],
      ['percent-encoding', (token) => token.replace('.', '%2E'), /percent-encoded/],
      ['quotes', (token) => `"${token}"`, /in quotes/],
      ['another version', (token) => `9${token.slice(1)}`, /not an edge-session token/],
      [
        'a short body',
        (token) => token.replace(/\.[\w-]{70,}\./, '.AAAA.'),
        /body has 4 characters/,
      ],
      ['nothing', () => '', /the cookie was cleared/],
      ['something else', () => 'eyJhbGciOiJIUzI1NiJ9', /not an edge-session token/],
    ]
    for (const [what, change, advice] of changes) {
      it(what, async () => {
        const { token } = await made()
        const pair = `__Host-session=${change(token)}`
        const outcome = await inspect([pair])
        assertDiscreet(outcome, token)
        const { code, first } = await report([pair])
        const [event] = await libraryEvents(pair, START)
        assert.ok(event?.type === 'refused')
        assert.deepEqual([code, first['verdict'], first['reason']], [1, 'refused', event.reason])
        assert.match(String(first['advice']), advice)
      })
    }

    const times: [
      what: string,
      store: () => SessionOptions<unknown>['store'],
      minutes: number,
      verdict: string,
    ][] = [
      ['idle in memory, which the store decides', memoryStore, 31, 'accepted'],
      ['idle on KV', () => kvStore(KV), 30, 'expired'],
      ['nearly idle on KV', () => kvStore(KV), 29.99, 'accepted'],
      ['past the absolute timeout', memoryStore, 720, 'expired'],
      ['nearly past the absolute timeout', memoryStore, 719.99, 'accepted'],
    ]
    for (const [what, store, minutes, verdict] of times) {
      it(`a token ${what}`, async () => {
        const { pair, id } = await made({ store: store() })
        const now = START + minutes * MINUTE
        const { first } = await report(['--now', String(now), pair])
        const [event] = await libraryEvents(pair, now, { store: store() })
        assert.equal(first['verdict'], verdict)
        assert.equal(event?.type ?? 'accepted', verdict)
        if (event?.type === 'expired') {
          assert.deepEqual([first['timeout'], id], [event.timeout, event.id])
        }
      })
    }

    it('by other timeouts', async () => {
      const { token } = await made({ store: kvStore(KV) })
      const now = ['--now', String(START + 10 * MINUTE)]
      assert.equal((await report([...now, token])).code, 0)
      assert.equal((await report([...now, '--idle', '600', token])).first['timeout'], 'idle')
      assert.equal(
        (await report([...now, '--idle', '60', '--absolute', '600', token])).first['timeout'],
        'absolute',
      )
      const wrong = await inspect(['--idle', '60', '--absolute', '30', token])
      assert.equal(wrong.code, 2)
      assert.match(wrong.stderr, /idleTimeout <= absoluteTimeout/)
    })
  })

  describe('finds the secret', () => {
    it('in .dev.vars, and before that in the environment', async () => {
      const { token } = await made()
      const directory = await directoryWith({ '.dev.vars': `A=1\nSESSION_SECRET="${SECRET}"\n` })
      const args = ['inspect', '--json', '--now', String(START), token]
      const found = await edgeSession(directory, args)
      assert.match(found.stdout, /"secret": "SESSION_SECRET of \.dev\.vars"/)
      assert.equal(found.code, 0)
      const other = await edgeSession(directory, args, { env: { SESSION_SECRET: OTHER } })
      assert.equal(other.code, 1)
      assert.match(other.stdout, /"reason": "unknown-key"/)
    })

    it('in files, several of them, and says which one signed', async () => {
      const { token } = await made()
      const directory = await directoryWith({ 'secrets.txt': `${OTHER}\n\n${SECRET}\n` })
      const { code, stdout, stderr } = await edgeSession(directory, [
        'inspect',
        '--now',
        String(START),
        '--secret-file',
        'secrets.txt',
        token,
      ])
      assert.equal(code, 0, stderr)
      assert.match(stdout, /of line 3 of secrets\.txt \(not the newest\)/)
      assert.match(stdout, /signs it again/)
    })

    it('under other names', async () => {
      const { token } = await made()
      const env = { NEW_SECRET: OTHER, OLD_SECRET: SECRET }
      const names = ['--secret-name', 'NEW_SECRET', '--secret-name', 'OLD_SECRET']
      const { first } = await report([...names, token], '', env)
      assert.deepEqual(
        [first['secret'], first['isNewestSecret']],
        ['OLD_SECRET of the environment', false],
      )
    })

    it('nowhere, and then says what it can and does not call it accepted', async () => {
      const { token, id } = await made()
      const { code, stdout } = await inspect([token], '', {})
      assert.equal(code, 1)
      assert.match(stdout, /^verdict +not checked: no secret was given$/m)
      assert.match(stdout, /^signature +not checked: anyone may have written this$/m)
      assert.ok(stdout.includes(id))
      assert.match(stdout, /--secret-file FILE/)
      const { first } = await report([`${token}x`], '', {})
      assert.equal(first['reason'], 'malformed')
    })

    const faults: [args: string[], env: Record<string, string>, message: RegExp][] = [
      [['--secret-name', 'NONE'], {}, /there is no variable NONE/],
      [['--secret-file', 'none.txt'], {}, /there is no file none\.txt/],
      [
        [],
        { SESSION_SECRET: 'short-one' },
        /The secret, SESSION_SECRET of the environment, has 9 bytes\. Use at least 32/,
      ],
    ]
    for (const [args, env, message] of faults) {
      it(`or says what is wrong with it: ${String(message)}`, async () => {
        const { token } = await made()
        const { code, stdout, stderr } = await inspect([...args, token], '', env)
        assert.deepEqual([code, stdout], [2, ''])
        assert.match(stderr, message)
        assert.doesNotMatch(stderr, /short-one/)
      })
    }
  })

  it('has nothing to say of nothing', async () => {
    const { code, stderr } = await inspect(['-'], ' \n')
    assert.equal(code, 2)
    assert.match(stderr, /nothing to inspect/)
  })

  it('has no terminal obey what stands in a cookie', async () => {
    const { stderr } = await inspect(['a\u001B[31mred=1; b=2'])
    assert.match(stderr, /There is: a\uFFFD\[31mred, b\./)
  })
})

describe('edge-session inspect, of a remembered session', () => {
  it('says that only the store knows when it ends', async () => {
    const sessions = createSessions({
      secrets: [SECRET],
      store: memoryStore(),
      use: [accounts({ remember: remembering() })],
      now: () => START,
    })
    const cookie = await cookieFor(sessions, {}, { userId: 'ada', remember: true })
    const text = await inspect([cookie.slice(cookie.indexOf('=') + 1)])
    assert.match(text.stdout, /^created {9}2026-11-21T12:00:00\.000Z, /m)
    for (const name of ['idle until {6}', 'absolute until  '])
      assert.match(text.stdout, new RegExp(`^${name}known to the store: the session is remem`, 'm'))
    const { first } = await report([cookie.slice(cookie.indexOf('=') + 1)])
    const { isRemembered, idleUntil, absoluteUntil, verdict } = first
    assert.deepEqual(
      { isRemembered, idleUntil, absoluteUntil, verdict },
      { isRemembered: true, idleUntil: null, absoluteUntil: null, verdict: 'accepted' },
    )
  })
})
