import assert from 'node:assert/strict'
import { type ChildProcess, execFile, spawn } from 'node:child_process'
import { cp } from 'node:fs/promises'
import { join } from 'node:path'
import { after } from 'node:test'
import { setTimeout as wait } from 'node:timers/promises'
import { promisify } from 'node:util'

import { build } from 'esbuild'

import { TestBrowser } from '../../src/testing.ts'
import { newDependent } from '../node/dependent.ts'
import { atEnd, BINARIES, newPort, plainEnvironment, ROOT } from '../node/project.ts'
import { describe, it } from '../node/suite.ts'

const START_MS = 120_000

/** A runtime, and how it runs a file of checks, and serves the application. */
interface Runtime {
  readonly name: string
  readonly check: readonly [program: string, ...args: string[]]
  readonly serve: (port: number) => readonly [program: string, ...args: string[]]
}

const binary = (name: string): string => join(BINARIES, name)
const DENO = ['--node-modules-dir=manual', '--no-remote'] as const

const RUNTIMES: readonly Runtime[] = [
  {
    name: 'Node 24',
    check: [binary('node'), 'checks.ts'],
    serve: () => [binary('node'), 'node.ts'],
  },
  {
    // As old as 20, which takes no types and lacks much of ES2024: package.json allows it.
    name: "the machine's own Node",
    check: ['node', 'old/checks.js'],
    serve: () => ['node', 'old/node.js'],
  },
  {
    name: 'Bun',
    check: [binary('bun'), 'checks.ts'],
    serve: () => [binary('bun'), 'app.ts'],
  },
  {
    name: 'Deno',
    check: [binary('deno'), 'run', ...DENO, '--allow-read', 'checks.ts'],
    serve: (port) => [
      binary('deno'),
      'serve',
      '--quiet',
      ...DENO,
      '--allow-env=SESSION_SECRET',
      '--host=127.0.0.1',
      `--port=${port}`,
      'app.ts',
    ],
  },
]

const ENVIRONMENT = { ...plainEnvironment(), DENO_NO_UPDATE_CHECK: '1', NO_COLOR: '1' }

const directory = await newDependent('examples/runtimes', ['itty-router'])
await cp(join(ROOT, 'test/node/runtimes/checks.ts'), join(directory, 'checks.ts'))
await build({
  entryPoints: [join(directory, 'checks.ts'), join(directory, 'node.ts')],
  outdir: join(directory, 'old'),
  bundle: true,
  packages: 'external',
  format: 'esm',
  platform: 'node',
  target: 'node20',
})

/** The application, served by a runtime; gone when the tests are over. */
async function serve({ serve: command, name }: Runtime): Promise<string> {
  const port = await newPort()
  const origin = `http://127.0.0.1:${port}`
  const [program, ...args] = command(port)
  const secret = 'only-for-tests-only-for-tests-only-for-tests'
  const server: ChildProcess = spawn(program, args, {
    cwd: directory,
    env: { ...ENVIRONMENT, PORT: String(port), ORIGIN: origin, SESSION_SECRET: secret },
    stdio: ['ignore', 'ignore', 'inherit'],
  })
  const kill = (): void => void server.kill('SIGKILL')
  after(kill)
  atEnd(kill)
  const deadline = Date.now() + START_MS
  while (!(await answers(origin))) {
    if (server.exitCode !== null) assert.fail(`${name} ended with ${server.exitCode}.`)
    if (Date.now() > deadline) assert.fail(`${name} does not answer.`)
    await wait(20)
  }
  return origin
}

async function answers(origin: string): Promise<boolean> {
  const response = await fetch(origin).catch(() => undefined)
  await response?.body?.cancel()
  return response !== undefined
}

const CONFLICT = {
  title: 'Conflict',
  status: 409,
  code: 'ERR_SESSION_ENDED',
  detail:
    'The session ended while this request was using it. Not all changes were saved. Load the page again, and try again.',
}
const SET_COOKIE = '__Host-session=TOKEN; Path=/; Secure; HttpOnly; SameSite=Lax; Priority=High'
const TEXT = 'naïve 日本 🍎 \u2028 "'

/** What each of `runtimes/checks.ts` finds, in whatever runtime. */
const EXPECTED: Record<string, unknown> = {
  'a visitor who stores nothing gets no cookie': [[], 'Cookie', {}],
  'the first write sets a cookie, and the next request reads it': [
    [[SET_COOKIE], 'private, no-store'],
    1,
    138,
    [200, 1],
  ],
  'overlapping increments all count': [200, 51],
  'an update, a take, a flash and any text': [
    [
      200,
      [{ cart: ['apple'], text: TEXT, ['__proto__']: 'a key as any other' }, { notice: 'hello' }],
    ],
    [200, [{}, TEXT]],
    [200, [null, 'a key as any other']],
  ],
  'regenerate keeps the data and kills the old token': [
    [200, 1],
    [200, null],
    [409, CONFLICT],
    false,
  ],
  'what was destroyed stays dead, and a late write is refused': [
    409,
    CONFLICT,
    0,
    [200, null],
    ['created', 'destroyed', 'late-write', 'refused'],
  ],
  'a forged cookie is anonymous, and an event says why': [
    Array.from({ length: 5 }, () => [200, {}]),
    ['forged', 'malformed', 'malformed', 'malformed', 'malformed'].map((reason) => ({
      type: 'refused',
      reason,
    })),
  ],
  'timeouts hold by the clock of the server': [
    [1, 1, null, null, 1, null].map((visits) => [200, visits]),
    ['idle', 'idle', 'idle', 'absolute'],
  ],
  'an older secret is good, and the cookie is signed anew': [3, true, 3],
  'guards let in whom they should': [
    ['user', 401, null],
    ['user', 200, null],
    ['page', 302, '/login?next=%2Fa%3Fb%3Dc'],
    ['page', 200, null],
    ['aal', 401, null],
    ['aal', 401, null],
    ['fresh', 401, null],
    ['fresh', 200, null],
  ],
  'another site is kept out': [
    [
      ['same-origin', 200],
      ['same-site', 403],
      ['cross-site', 403],
      ['none', 200],
      ['client', 403],
    ],
    200,
    true,
  ],
  'a path to go back to is one of this site': ['/a?b=c', null, null, null, null, null],
  'a path of any letters can stand in a Location header': ['/%E6%97%A5?q=%C3%A9', '/%EF%BF%BD'],
  'a Response of another realm is sent, and a Blob is not': [
    [201, 'hello', [SET_COOKIE]],
    'ERR_VALUE',
  ],
  'a redirect carries the cookie': [303, 'https://example.com/home', [SET_COOKIE]],
  'errors say what is wrong': [
    'ERR_SECRET',
    'ERR_VALUE',
    'ERR_NOT_LOADED',
    'ERR_BINDING',
    'ERR_BINDING',
    'ERR_VALUE',
  ],
}

describe('the core with the memory store', () => {
  for (const runtime of RUNTIMES) {
    it(`does what it says under ${runtime.name}`, async () => {
      const [program, ...args] = runtime.check
      const { stdout } = await promisify(execFile)(program, args, {
        cwd: directory,
        env: ENVIRONMENT,
      })
      assert.deepEqual(JSON.parse(stdout), EXPECTED)
    })

    it(`keeps sessions over HTTP under ${runtime.name}`, async () => {
      const origin = await serve(runtime)
      const browser = new TestBrowser((request) => fetch(request), { origin })

      const anonymous = await browser.fetch('/')
      assert.deepEqual(await anonymous.json(), { visits: 0 })
      assert.deepEqual(anonymous.headers.getSetCookie(), [])
      assert.equal(anonymous.headers.get('Vary'), 'Cookie')

      const first = await browser.fetch('/visit', { method: 'POST' })
      assert.deepEqual(await first.json(), { visits: 1 })
      assert.deepEqual(first.headers.getSetCookie().map(masked), [SET_COOKIE])
      assert.equal(first.headers.get('Cache-Control'), 'private, no-store')

      const visit = (): Promise<Response> => browser.fetch('/visit', { method: 'POST' })
      await Promise.all(Array.from({ length: 30 }, visit))
      assert.deepEqual(await browser.json('/'), { visits: 31 })

      const forger = browser.copy()
      forger.cookies.set('__Host-session', `${browser.cookies.get('__Host-session')}x`)
      assert.deepEqual(await forger.json('/'), { visits: 0 })
      const foreign = await browser.fetch('/visit', { method: 'POST', from: 'same-site' })
      assert.equal(foreign.status, 403)

      const before = browser.copy()
      const signIn = await browser.fetch('/sign-in', { method: 'POST', redirect: 'follow' })
      assert.deepEqual(await signIn.json(), { user: 'ada' })
      assert.deepEqual(await browser.json('/'), { visits: 31 })
      assert.deepEqual(await before.json('/'), { visits: 0 })

      const thief = browser.copy()
      assert.deepEqual(await browser.json('/sign-out', { method: 'POST' }), { signedOut: true })
      assert.equal(browser.cookies.size, 0)
      assert.equal((await thief.fetch('/account')).status, 401)
      assert.deepEqual(browser.cookies.refused, [])
    })
  }
})

function masked(setCookie: string): string {
  return setCookie.replace(/=1\.[\w-]{4}\.[\w-]+\.[\w-]{43};/, '=TOKEN;')
}
