import assert from 'node:assert/strict'
import { fileURLToPath } from 'node:url'

import { startExpress } from '../node/express-app.ts'
import { newDirectory } from '../node/project.ts'
import { it } from '../node/suite.ts'
import { bundle, newServer } from '../node/workerd.ts'
import { Browser } from '../support/browser.ts'

const WORKER = fileURLToPath(new URL('../../examples/migrate/express.ts', import.meta.url))
const SECRET = 'keyboard cat'
const KEY = 'what the Worker shows the old application'

interface Cart {
  readonly user: string | null
  readonly id: string
  readonly cart: readonly string[]
}

function browserOf(origin: string, cookies: Iterable<[string, string]> = []): Browser {
  const browser = new Browser((request) => fetch(request), origin)
  for (const [name, value] of cookies) browser.cookies.set(name, value)
  return browser
}

it('a move from Express keeps its visitors, with what express-session has of them', async () => {
  const old = await startExpress(['a newer secret', SECRET], KEY)
  const former = await startExpress(SECRET, KEY)
  const directory = await newDirectory()
  await bundle(WORKER, directory)
  const texts = { EXPRESS_SECRET: 'a newer secret', EXPRESS_ORIGIN: old.origin, EXPRESS_KEY: KEY }
  const worker = await newServer(directory, ['SessionObject'], texts)
  await worker.start()

  const before = browserOf(old.origin)
  assert.equal(await before.json('/sign-in?user=ada'), 'ok')
  assert.match(before.cookies.get('connect.sid') ?? '', /^s(:|%3A)/)
  assert.equal(await before.json('/who'), 'ada')

  // The first page's requests, all at once.
  const copies = Array.from({ length: 12 }, () => browserOf(worker.origin, before.cookies))
  const carts = await Promise.all(copies.map((copy) => copy.json<Cart>('/cart')))
  assert.equal(new Set(carts.map(({ id }) => id)).size, 1)
  for (const { user, cart } of carts) assert.deepEqual([user, cart], ['ada', ['apple', 'pear']])
  for (const copy of copies) assert.deepEqual([...copy.cookies.keys()], ['__Host-session'])
  const asked = old.asked.length
  assert.ok(asked >= 1 && asked <= 12)
  assert.equal((await copies[0]?.json<Cart>('/cart'))?.user, 'ada')
  assert.equal(old.asked.length, asked)

  // A session that the old application does not know, though it is signed; and one that another secret signed.
  const unknown = browserOf(former.origin)
  await unknown.json('/sign-in?user=eve')
  const refused = browserOf(worker.origin, unknown.cookies)
  assert.equal((await refused.json<Cart>('/cart')).user, null)
  assert.deepEqual([...refused.cookies.keys()], ['connect.sid'])
  assert.equal(old.asked.length, asked)
  await worker.kill()
})

it('a move from Express waits while the old application does not answer', async () => {
  const old = await startExpress(SECRET, 'another key')
  const directory = await newDirectory()
  await bundle(WORKER, directory)
  const texts = { EXPRESS_SECRET: SECRET, EXPRESS_ORIGIN: old.origin, EXPRESS_KEY: KEY }
  const worker = await newServer(directory, ['SessionObject'], texts)
  await worker.start()
  const before = browserOf(old.origin)
  await before.json('/sign-in?user=ada')
  const browser = browserOf(worker.origin, before.cookies)
  const response = await browser.fetch('/cart')
  assert.equal(response.status, 503)
  assert.deepEqual([...browser.cookies.keys()], ['connect.sid'])
  await worker.kill()
})
