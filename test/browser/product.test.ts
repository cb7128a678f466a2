import assert from 'node:assert/strict'
import * as runner from 'node:test'
import { setTimeout as wait } from 'node:timers/promises'
import { fileURLToPath } from 'node:url'

import { newDirectory } from '../node/project.ts'
import { it } from '../node/suite.ts'
import { bundle, newServer, type Server } from '../node/workerd.ts'
import type { Driver, Tab, Visitor } from './driver.ts'
import { ENGINES } from './engines.ts'

const WORKER = fileURLToPath(new URL('../support/product-worker.ts', import.meta.url))
const WRITES = 8

interface Who {
  readonly user: string | null
  readonly data: Readonly<Record<string, number>>
}

/** Calls a path in a page of the same origin and gives its status. */
function post(path: string): string {
  return `fetch(${JSON.stringify(path)}, { method: 'POST' }).then(({ status }) => status)`
}

function who(tab: Tab): Promise<Who> {
  return tab.evaluate<Who>(`fetch('/who').then((response) => response.json())`)
}

/** Sends a form to the address, from the page or from a frame of it. */
function form(url: string): string {
  return `void document.body.appendChild(Object.assign(document.createElement('form'), {
    method: 'post', action: ${JSON.stringify(url)},
  })).submit()`
}

function sandboxed(url: string): string {
  const source = `<form method=post action="${url}"></form><script>document.forms[0].submit()</script>`
  return `void document.body.appendChild(Object.assign(document.createElement('iframe'), {
    sandbox: 'allow-scripts allow-forms', srcdoc: ${JSON.stringify(source)},
  }))`
}

function noCors(url: string): string {
  const init = `{ method: 'POST', mode: 'no-cors', credentials: 'include' }`
  return `fetch(${JSON.stringify(url)}, ${init}).then(() => null, () => null)`
}

function beacon(url: string): string {
  return `navigator.sendBeacon(${JSON.stringify(url)})`
}

/** Who sends a POST to the application in the visitor's browser, and what it is answered. */
const SENDERS: readonly [
  what: string,
  status: 200 | 403,
  from: 'own' | 'sibling' | 'other',
  send: (url: string) => string,
  path?: string,
][] = [
  ['a form of its own', 200, 'own', form],
  ['a form of its own that sends no referrer', 200, 'own', form, '/no-referrer'],
  ['a fetch of its own', 200, 'own', noCors],
  ['a beacon of its own', 200, 'own', beacon],
  ['a sandboxed frame in its own page', 403, 'own', sandboxed],
  ['a form of a sibling domain', 403, 'sibling', form],
  ['a fetch of a sibling domain', 403, 'sibling', noCors],
  ['a beacon of a sibling domain', 403, 'sibling', beacon],
  ['a form of another site', 403, 'other', form],
  ['a form of another site that sends no referrer', 403, 'other', form, '/no-referrer'],
  ['a fetch of another site', 403, 'other', noCors],
  ['a sandboxed frame in another site', 403, 'other', sandboxed],
]

for (const { name: engine, skip, launch } of ENGINES) {
  void runner.describe(`sessions in ${engine}`, { skip }, () => {
    let driver: Driver
    let server: Server
    let visitor: Visitor
    let tab: Tab
    /** The application, a sibling of the same site, and another site. */
    let origins: { own: string; sibling: string; other: string }

    runner.before(async () => {
      const directory = await newDirectory()
      await bundle(WORKER, directory)
      server = await newServer(directory)
      await server.start()
      const { port } = new URL(server.origin)
      origins = {
        own: `http://www.app.localhost:${port}`,
        sibling: `http://evil.app.localhost:${port}`,
        other: `http://evil.localhost:${port}`,
      }
      driver = await launch()
    })
    runner.after(async () => {
      await driver.close()
      await server.kill()
    })
    runner.beforeEach(async () => {
      visitor = await driver.newVisitor()
      tab = await visitor.newTab()
      await tab.goto(`${origins.own}/`)
    })
    runner.afterEach(() => visitor.close())

    /** Signs in on the page to which requireUser leads. */
    async function signIn(path = '/account'): Promise<void> {
      await tab.goto(origins.own + path)
      await tab.waitUntil(`location.pathname === '/login' && document.querySelector('#sign-in')`)
      await tab.click('#sign-in')
      await tab.waitUntil(`document.querySelector('#user')?.textContent === 'ada'`)
    }

    async function cookiesNamed(name: string): Promise<string[]> {
      const cookies = await visitor.cookies()
      return cookies.filter((cookie) => cookie.name === name).map(({ value }) => value)
    }

    it('lead from a page that needs a user to the login, and back with the query', async () => {
      await signIn('/account?tab=2')
      assert.equal(await tab.evaluate('location.pathname + location.search'), '/account?tab=2')
      assert.equal((await cookiesNamed('__Host-session')).length, 1)
    })

    it('show a flash message once', async () => {
      await signIn()
      const notice = `document.querySelector('#notice').textContent`
      assert.equal(await tab.evaluate(notice), 'Welcome')
      await tab.reload()
      assert.equal(await tab.evaluate(notice), '')
    })

    it('stay signed in over a regeneration among parallel writes', async () => {
      await signIn()
      const [before] = await cookiesNamed('__Host-session')
      const writes = Array.from({ length: WRITES }, (_, index) => post(`/write?${index}`))
      const statuses = await tab.evaluate<number[]>(
        `Promise.all([${[...writes, post('/regenerate')].join(', ')}])`,
      )
      assert.deepEqual(
        statuses.filter((status) => status !== 200 && status !== 409),
        [],
      )
      assert.equal(statuses.at(-1), 200)
      const { user, data } = await who(tab)
      assert.equal(user, 'ada')
      for (const [index, status] of statuses.slice(0, WRITES).entries()) {
        if (status === 200) assert.equal(data[`?${index}`], 1)
      }
      const after = await cookiesNamed('__Host-session')
      assert.equal(after.length, 1)
      assert.notEqual(after[0], before)
    })

    it('are renewed under three tabs, and nobody is signed out', async () => {
      await tab.evaluate(post('/renewed/sign-in'))
      const [first] = await cookiesNamed('__Host-renewed')
      const tabs = [tab, await visitor.newTab(), await visitor.newTab()]
      for (const each of tabs.slice(1)) await each.goto(`${origins.own}/`)
      const ask = `fetch('/renewed/who').then((response) => response.json())`
      let rounds = 3
      // Until the cookie is another one, and some rounds more.
      while (rounds > 0) {
        const users = await Promise.all(
          tabs.map((each) => each.evaluate<string[]>(`Promise.all([${ask}, ${ask}, ${ask}])`)),
        )
        assert.deepEqual(
          users.flat().filter((user) => user !== 'ada'),
          [],
        )
        if ((await cookiesNamed('__Host-renewed'))[0] !== first) rounds -= 1
      }
    })

    it('that are partitioned are apart in a frame of another site, and end on their own', async () => {
      const counted = async (): Promise<number> => {
        await tab.evaluate(`void addEventListener('message', ({ data }) => (window.count = data))`)
        await tab.evaluate(
          `void document.body.appendChild(Object.assign(document.createElement('iframe'), {
            src: ${JSON.stringify(`${origins.own}/embedded`)},
          }))`,
        )
        await tab.waitUntil('window.count !== undefined')
        return tab.evaluate<number>('window.count')
      }
      assert.equal(await counted(), 1)
      await tab.reload()
      assert.equal(await counted(), 2)
      await tab.goto(`${origins.other}/`)
      assert.equal(await counted(), 1)
      await tab.reload()
      assert.equal(await counted(), 2)
      await tab.goto(`${origins.own}/`)
      assert.equal(await tab.evaluate(post('/embedded/end')), 200)
      assert.equal(await counted(), 1)
      await tab.goto(`${origins.other}/`)
      assert.equal(await counted(), 3)
    })

    it('end with a sign-out, and their cookie goes', async () => {
      await signIn()
      await tab.click('#sign-out')
      await tab.waitUntil(`document.querySelector('#sign-in')`)
      assert.deepEqual(await cookiesNamed('__Host-session'), [])
      assert.equal((await who(tab)).user, null)
    })

    it('of a second visitor are another', async () => {
      await signIn()
      const other = await driver.newVisitor()
      const page = await other.newTab()
      await page.goto(`${origins.own}/`)
      assert.deepEqual(await who(page), { user: null, data: {} })
      await other.close()
    })

    it('are open to what their own pages send, and closed to all others', async () => {
      await tab.evaluate(post('/login'))
      const statuses: Record<string, number> = {}
      for (const [what, , from, send, path = '/'] of SENDERS) {
        const sender = await visitor.newTab()
        await sender.goto(origins[from] + path)
        const query = encodeURIComponent(`${engine}: ${what}`)
        await sender.evaluate(send(`${origins.own}/count?sender=${query}`))
        statuses[what] = await answered(server.origin, `${engine}: ${what}`)
      }
      assert.deepEqual(
        statuses,
        Object.fromEntries(SENDERS.map(([what, expected]) => [what, expected])),
      )
      assert.deepEqual(await who(tab), { user: 'ada', data: { count: 4 } })
    })
  })
}

/** Waits until the server has answered this sender, and gives the status. */
async function answered(origin: string, sender: string): Promise<number> {
  for (;;) {
    const response = await fetch(`${origin}/statuses`)
    const status = ((await response.json()) as Record<string, number>)[sender]
    if (status !== undefined) return status
    await wait(20)
  }
}
