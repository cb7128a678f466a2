import assert from 'node:assert/strict'
import { fileURLToPath } from 'node:url'

import { signInCookie, userOf } from '../../examples/migrate/shared-sign-in.ts'
import { createSignedValue } from '../../src/migrate/tornado.ts'
import { newDirectory } from '../node/project.ts'
import { describe, it } from '../node/suite.ts'
import { startTornado, tornadoVersion } from '../node/tornado.ts'
import { bundle, newServer } from '../node/workerd.ts'
import { Browser } from '../support/browser.ts'

const WORKER = fileURLToPath(new URL('../../examples/migrate/tornado.ts', import.meta.url))
const SECRET = 'what Tornado signs its cookies with'

interface Page {
  readonly user: string | null
  readonly id: string
  readonly theme?: string
  readonly visits?: number
}

function browserOf(origin: string): Browser {
  return new Browser((request) => fetch(request), origin)
}

/** A browser that goes from one server to another with its cookies, as one host's do. */
function moved(browser: Browser, origin: string): Browser {
  const next = browserOf(origin)
  for (const [name, value] of browser.cookies) next.cookies.set(name, value)
  return next
}

const version = tornadoVersion()

if (version === undefined) {
  it('a move from Tornado', async (test) => {
    test.skip('There is no Tornado here: apt-get install python3-tornado')
  })
} else {
  describe(`a move from Tornado ${version}`, () => {
    it('keeps its users signed in, once for each browser', async () => {
      const tornado = await startTornado(SECRET)
      const directory = await newDirectory()
      await bundle(WORKER, directory)
      const worker = await newServer(directory, ['SessionObject'], { COOKIE_SECRET: SECRET })
      await worker.start()

      // Characters that Tornado quotes among them.
      const name = 'Åda, "Countess"; Lovelace'
      const before = browserOf(tornado)
      assert.equal(
        await (await before.fetch(`/sign-in?user=${encodeURIComponent(name)}`)).text(),
        'ok',
      )
      assert.match(before.cookies.get('user') ?? '', /^"?2\|1:0\|/)
      assert.equal((await before.json<Page>('/who')).user, name)

      const copies = Array.from({ length: 12 }, () => moved(before, worker.origin))
      const visits = await Promise.all(copies.map((copy) => copy.json('/visit')))
      assert.deepEqual(
        visits,
        copies.map(() => 'ok'),
      )
      const pages = await Promise.all(copies.map((copy) => copy.json<Page>('/')))
      assert.equal(new Set(pages.map(({ id }) => id)).size, 1)
      for (const page of pages) {
        assert.deepEqual(page, { user: name, id: page.id, theme: 'dark', visits: 12 })
      }
      for (const copy of copies) assert.deepEqual([...copy.cookies.keys()], ['__Host-session'])

      const [first = before] = copies
      assert.equal(await first.json('/sign-out'), 'ok')
      const replay = moved(before, worker.origin)
      assert.equal((await replay.json<Page>('/')).user, null)
      assert.deepEqual([...replay.cookies.keys()], [])

      const forged = moved(before, worker.origin)
      forged.cookies.set('user', (forged.cookies.get('user') ?? '').replace(/\w(?="?$)/, 'x'))
      assert.equal((await forged.json<Page>('/')).user, null)
      assert.deepEqual([...forged.cookies.keys()], ['user'])
      await worker.kill()
    })

    it('can share the sign-in meanwhile: Tornado takes what is written here, and the other way', async () => {
      const secrets = ['the former secret', 'the present secret'] as const
      const tornado = await startTornado(...secrets)
      const env = { COOKIE_SECRETS: { 0: secrets[0], 1: secrets[1] }, KEY_VERSION: 1 }

      for (const name of ['Ada', 'Åda 李|"quoted"; \\', '']) {
        const setCookie = await signInCookie(name, env)
        const cookie = setCookie.slice(0, setCookie.indexOf(';'))
        const headers = { Cookie: cookie }
        const seen = await fetch(`${tornado}/who`, { headers })
        const expected = name === '' ? { user: null, version: null } : { user: name, version: 1 }
        assert.deepEqual(await seen.json(), expected)
        assert.equal(await userOf(new Request(tornado, { headers }), env), name)
      }

      const browser = browserOf(tornado)
      await browser.fetch('/sign-in?user=Grace')
      const headers = { Cookie: browser.cookieHeader() }
      assert.equal(await userOf(new Request(tornado, { headers }), env), 'Grace')
    })

    it('reads our cookies under each of its key versions, and none of another secret', async () => {
      const tornado = await startTornado('zero', 'one', 'two')
      const secrets = { 0: 'zero', 1: 'one', 2: 'two' }
      const who = async (value: string): Promise<unknown> =>
        (await fetch(`${tornado}/who`, { headers: { Cookie: `user=${value}` } })).json()
      for (const keyVersion of [0, 1, 2]) {
        const value = await createSignedValue(secrets, 'user', 'Ada', { keyVersion })
        assert.deepEqual(await who(value), { user: 'Ada', version: keyVersion })
      }
      const wrong = await createSignedValue({ 1: 'two' }, 'user', 'Ada', { keyVersion: 1 })
      assert.deepEqual(await who(wrong), { user: null, version: null })
      const old = await createSignedValue(secrets, 'user', 'Ada', {
        keyVersion: 1,
        now: Date.now() / 1000 - 32 * 86_400,
      })
      assert.deepEqual(await who(old), { user: null, version: null })
    })
  })
}
