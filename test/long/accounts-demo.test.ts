import assert from 'node:assert/strict'
import { after } from 'node:test'

import { Demo, DEMO_FILES } from '../node/demo.ts'
import { copyProject, newDirectory, newPort } from '../node/project.ts'
import { describe, it } from '../node/suite.ts'
import { Browser } from '../support/browser.ts'

const HTML = { Accept: 'text/html,application/xhtml+xml;q=0.9,*/*;q=0.8' }

const directory = await newDirectory()
const port = await newPort()
const origin = `http://localhost:${port}`
await copyProject(directory, DEMO_FILES)
const demo = new Demo(directory, port)
await demo.said(`edge-session demo: ${origin}/\n`)
after(() => demo.kill())

interface Account {
  readonly userId: string
  readonly sessions: readonly { id: string; label?: string; isCurrent: boolean }[]
}

/** A browser as people have one: it asks for pages, says where requests come from, and follows no redirect. */
function newBrowser(): Browser {
  return new Browser((request) => fetch(request, { redirect: 'manual' }), origin)
}

function submit(
  browser: Browser,
  path: string,
  fields: Record<string, string> = {},
  headers: Record<string, string> = { Origin: origin },
): Promise<Response> {
  const body = new URLSearchParams(fields)
  return browser.fetch(path, { method: 'POST', headers: { ...HTML, ...headers }, body })
}

async function signedIn(base: string, name: string, label: string): Promise<Browser> {
  const browser = newBrowser()
  const response = await submit(browser, `${base}/login`, { name, label })
  assert.equal(response.status, 303)
  assert.equal(response.headers.get('Location'), `${base}/account`)
  return browser
}

const account = (browser: Browser, base: string): Promise<Account> =>
  browser.json(`${base}/account`)
const statusOf = async (browser: Browser, base: string): Promise<number> =>
  (await browser.fetch(`${base}/account`)).status

for (const base of ['', '/kv'] as const) {
  describe(`accounts at ${base}/`, () => {
    const user = `ada${base.replace('/', '-')}`

    it('ask a visitor to sign in, and come back to where he wanted to go', async () => {
      const browser = newBrowser()
      const asked = await browser.fetch(`${base}/account`, { headers: HTML })
      assert.equal(asked.status, 302)
      const login = asked.headers.get('Location') ?? ''
      assert.equal(login, `${base}/login?next=${encodeURIComponent(`${base}/account`)}`)
      assert.equal(await statusOf(browser, base), 401)
      const page = await (await browser.fetch(login, { headers: HTML })).text()
      const [, next = ''] = /name="next" value="([^"]*)"/.exec(page) ?? []
      const response = await submit(browser, `${base}/login`, { name: user, next })
      assert.equal(response.headers.get('Location'), `${base}/account`)
      assert.equal((await account(browser, base)).userId, user)
      const main = await (await browser.fetch(`${base}/`, { headers: HTML })).text()
      assert.match(main, new RegExp(`Signed in as <strong>${user}</strong>`))
    })

    it('last for 30 days, through a restart of the browser, for who ticks the box', async () => {
      const browser = newBrowser()
      const login = await (await browser.fetch(`${base}/login`, { headers: HTML })).text()
      assert.match(login, /<input type="checkbox" name="remember"/)
      const response = await submit(browser, `${base}/login`, { name: user, remember: 'on' })
      assert.match(response.headers.getSetCookie().join('\n'), /; Max-Age=259\d{4};/)
      browser.restart()
      assert.equal((await account(browser, base)).userId, user)
      const main = await (await browser.fetch(`${base}/`, { headers: HTML })).text()
      assert.match(main, /<span>Remembered<\/span>/)
      const short = await signedIn(base, user, 'short')
      short.restart()
      assert.equal(await statusOf(short, base), 401)
      await submit(browser, `${base}/logout`)
    })

    it('do not follow a next that leads elsewhere', async () => {
      const evil = '//evil.example/'
      const browser = newBrowser()
      const page = await (
        await browser.fetch(`${base}/login?next=${evil}`, { headers: HTML })
      ).text()
      assert.doesNotMatch(page, /evil/)
      const response = await submit(browser, `${base}/login`, { name: user, next: evil })
      assert.equal(response.headers.get('Location'), `${base}/account`)
    })

    it('list devices, end one, and end all others', async () => {
      const name = `${user}-devices`
      const [phone, laptop, tablet] = [
        await signedIn(base, name, 'phone'),
        await signedIn(base, name, 'laptop'),
        await signedIn(base, name, 'tablet'),
      ]
      const { sessions } = await account(laptop, base)
      assert.deepEqual(sessions.map(({ label }) => label).toSorted(), ['laptop', 'phone', 'tablet'])
      assert.deepEqual(
        sessions.filter(({ isCurrent }) => isCurrent).map(({ label }) => label),
        ['laptop'],
      )
      const id = sessions.find(({ label }) => label === 'phone')?.id ?? ''
      assert.equal((await submit(laptop, `${base}/sessions/${id}/revoke`)).status, 303)
      assert.equal(await statusOf(phone, base), 401)
      assert.equal(await statusOf(tablet, base), 200)
      assert.equal((await submit(laptop, `${base}/sessions/revoke-others`)).status, 303)
      assert.equal(await statusOf(tablet, base), 401)
      assert.equal((await account(laptop, base)).sessions.length, 1)
      assert.equal((await submit(laptop, `${base}/sessions/revoke-all`)).status, 303)
      assert.equal(laptop.cookies.size, 0)
      assert.equal(await statusOf(laptop, base), 401)
    })

    it('go on as a new visitor after one’s own session was ended from the list', async () => {
      const browser = await signedIn(base, `${user}-own`, 'phone')
      const [own] = (await account(browser, base)).sessions
      assert.equal((await submit(browser, `${base}/sessions/${own?.id}/revoke`)).status, 303)
      assert.equal((await submit(browser, `${base}/set/note`, { value: 'hello' })).status, 303)
      assert.equal(browser.cookies.size, 1)
    })

    it('go on as a new visitor where a session that was ended elsewhere is written', async () => {
      const [phone, laptop] = [
        await signedIn(base, `${user}-late`, 'phone'),
        await signedIn(base, `${user}-late`, 'laptop'),
      ]
      assert.equal((await submit(laptop, `${base}/sessions/revoke-others`)).status, 303)
      const late = await submit(phone, `${base}/set/note`, { value: 'hello' })
      assert.equal(late.status, 303)
      assert.equal(phone.cookies.size, 1)
      assert.equal(await statusOf(phone, base), 401)
    })

    it('sign out: the cookie is cleared, what the browser keeps too, and a copy of it is nobody', async () => {
      const browser = await signedIn(base, user, 'phone')
      const copy = browser.copy()
      const response = await submit(browser, `${base}/logout`)
      assert.equal(response.status, 303)
      assert.equal(response.headers.get('Clear-Site-Data'), '"cache", "storage"')
      assert.equal(browser.cookies.size, 0)
      assert.equal(await statusOf(copy, base), 401)
    })

    it('sign out with a message, which the next page shows once, in a session of nobody', async () => {
      const browser = await signedIn(base, user, 'phone')
      const main = await (await browser.fetch(`${base}/`, { headers: HTML })).text()
      assert.match(main, /action="[^"]*\/logout\?flash&amp;show=cost"/)
      const response = await submit(browser, `${base}/logout?flash`)
      assert.equal(response.status, 303)
      const page = await (await browser.fetch(`${base}/`, { headers: HTML })).text()
      assert.match(page, /<strong>notice<\/strong> You are signed out\./)
      assert.match(page, /No one is signed in/)
      // Workers KV takes one write a second for each key.
      if (base === '/kv') return
      assert.deepEqual(await browser.json(`${base}/flashes`), {})
    })

    it('refuse a form of another site with a page in the frame of the playground', async () => {
      const browser = await signedIn(base, user, 'phone')
      const elsewhere = { Origin: 'https://evil.example', 'Sec-Fetch-Mode': 'navigate' }
      const refused = await submit(browser, `${base}/logout`, {}, elsewhere)
      assert.equal(refused.status, 403)
      assert.match(await refused.text(), /id="message"><strong>403<\/strong> Another site has sent/)
    })

    it('take no form of another site, and none without its token where nobody says whose it is', async () => {
      const browser = await signedIn(base, user, 'phone')
      const elsewhere = await submit(
        browser,
        `${base}/logout`,
        {},
        { Origin: 'https://evil.example' },
      )
      assert.equal(elsewhere.status, 403)
      assert.equal((await submit(browser, `${base}/logout`, {}, {})).status, 403)
      const page = await (await browser.fetch(`${base}/account`, { headers: HTML })).text()
      const [, csrf = ''] = /name="csrf" value="([^"]+)"/.exec(page) ?? []
      assert.equal((await submit(browser, `${base}/logout`, { csrf }, {})).status, 303)
    })

    it('answer clients in JSON', async () => {
      const browser = newBrowser()
      const init = { method: 'POST', headers: { 'Content-Type': 'application/json' } }
      const body = JSON.stringify({ name: `${user}-client`, label: 'curl' })
      assert.deepEqual(await browser.json(`${base}/login`, { ...init, body }), {
        userId: `${user}-client`,
      })
      const { token } = await browser.json<{ token: string }>(`${base}/csrf`)
      const headers = { 'X-CSRF-Token': token }
      const others = await browser.json(`${base}/sessions/revoke-others`, {
        method: 'POST',
        headers,
      })
      assert.deepEqual(others, { revoked: 0 })
    })

    it('escape what they show, and say what is wrong with a name', async () => {
      const browser = await signedIn(base, '<b>eve</b>', '<script>alert(1)</script>')
      const page = await (await browser.fetch(`${base}/account`, { headers: HTML })).text()
      assert.match(page, /&lt;script&gt;alert\(1\)&lt;\/script&gt;/)
      assert.doesNotMatch(page, /<script>|<b>eve/)
      for (const name of ['', ' ', 'x'.repeat(65)]) {
        const response = await submit(newBrowser(), `${base}/login`, { name })
        assert.equal(response.status, 400)
        assert.match(await response.text(), /A name must have 1 to 64 characters/)
      }
    })
  })
}
