import assert from 'node:assert/strict'
import { fileURLToPath } from 'node:url'

import { Browser } from '../support/browser.ts'
import { newDirectory } from './project.ts'
import { bundle, newServer, type Server } from './workerd.ts'

const WORKER = fileURLToPath(new URL('../support/accounts-worker.ts', import.meta.url))
/** Connections at a time. */
const LANES = 32

/** The Worker of the accounts in workerd, started, with its objects on the disk. */
export async function accountsServer(): Promise<Server> {
  const directory = await newDirectory()
  const classes = ['SessionObject', 'UserObject'] as const
  await bundle(WORKER, directory, classes)
  const server = await newServer(directory, classes)
  await server.start()
  return server
}

/** Browsers in which this user has signed in. */
export async function signedIn(server: Server, user: string, count: number): Promise<Browser[]> {
  const browsers = Array.from(
    { length: count },
    () => new Browser((request) => fetch(request), server.origin),
  )
  await inLanes(browsers, async (browser) => {
    assert.equal(await browser.json(`/sign-in?user=${user}`), 'ok')
  })
  return browsers
}

/** How many of these browsers are signed in. */
export async function countSignedIn(browsers: readonly Browser[]): Promise<number> {
  let count = 0
  await inLanes(browsers, async (browser) => {
    if ((await browser.json('/who')) !== null) count += 1
  })
  return count
}

async function inLanes<T>(items: readonly T[], work: (item: T) => Promise<void>): Promise<void> {
  const rest = [...items]
  const lane = async (): Promise<void> => {
    const item = rest.pop()
    if (item === undefined) return
    await work(item)
    await lane()
  }
  await Promise.all(Array.from({ length: LANES }, lane))
}
