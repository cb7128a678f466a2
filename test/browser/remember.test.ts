import assert from 'node:assert/strict'
import * as runner from 'node:test'
import { fileURLToPath } from 'node:url'

import { type BrowserContext, chromium, type Page } from 'playwright-core'

import { newDirectory } from '../node/project.ts'
import { it } from '../node/suite.ts'
import { bundle, newServer } from '../node/workerd.ts'
import { CHROMIUM } from './chromium.ts'

const WORKER = fileURLToPath(new URL('../support/remember-worker.ts', import.meta.url))
const MONTH = 30 * 86_400

/** Starts Chromium with the cookies that it has kept in this directory. */
function start(directory: string): Promise<BrowserContext> {
  return chromium.launchPersistentContext(directory, {
    ...(CHROMIUM !== undefined && { executablePath: CHROMIUM }),
    args: ['--no-sandbox'],
  })
}

void runner.describe(
  'a restart of Chromium',
  { skip: CHROMIUM === undefined && 'there is no Chromium on this machine' },
  () => {
    let origin = ''
    let stop: () => Promise<void>

    runner.before(async () => {
      const directory = await newDirectory()
      await bundle(WORKER, directory)
      const server = await newServer(directory)
      await server.start()
      // A Secure cookie works there over http.
      origin = `http://localhost:${new URL(server.origin).port}`
      stop = () => server.kill()
    })
    runner.after(() => stop())

    const textOf = (page: Page): Promise<string> => page.innerText('p')

    /** Signs in, does the rest, closes the browser, and returns what is there when it is opened again. */
    async function afterRestart(
      isRemembered: boolean,
      rest: (page: Page) => Promise<void> = async () => undefined,
    ): Promise<{ readonly user: string; readonly secondsLeft: number | undefined }> {
      const directory = await newDirectory()
      const before = await start(directory)
      const page = await before.newPage()
      await page.goto(origin)
      if (isRemembered) await page.check('[name=remember]')
      await page.click('#sign-in')
      await page.waitForFunction(() => document.querySelector('p')?.innerText === 'ada')
      await rest(page)
      await before.close()
      const after = await start(directory)
      try {
        const again = await after.newPage()
        await again.goto(origin)
        const [cookie] = await after.cookies()
        const secondsLeft = cookie && cookie.expires - Date.now() / 1000
        return { user: await textOf(again), secondsLeft }
      } finally {
        await after.close()
      }
    }

    it('leaves who asked for it signed in, for 30 days', async () => {
      const { user, secondsLeft = 0 } = await afterRestart(true)
      assert.equal(user, 'ada')
      assert.ok(secondsLeft > MONTH - 600 && secondsLeft <= MONTH + 1, String(secondsLeft))
    })

    it('and still does after a new token', async () => {
      const { user, secondsLeft = 0 } = await afterRestart(true, async (page) => {
        await Promise.all([page.waitForNavigation(), page.click('#regenerate')])
      })
      assert.equal(user, 'ada')
      assert.ok(secondsLeft > MONTH - 600, String(secondsLeft))
    })

    it('ends the session of who did not', async () => {
      assert.deepEqual(await afterRestart(false), { user: 'nobody', secondsLeft: undefined })
    })

    it('brings nobody back who has signed out', async () => {
      const left = await afterRestart(true, async (page) => {
        await page.click('#sign-out')
        await page.waitForFunction(() => document.querySelector('p')?.innerText === 'nobody')
      })
      assert.deepEqual(left, { user: 'nobody', secondsLeft: undefined })
    })

    it('brings nobody back who has signed in again without the box', async () => {
      const left = await afterRestart(true, async (page) => {
        await Promise.all([page.waitForNavigation(), page.click('#sign-in')])
      })
      assert.deepEqual(left, { user: 'nobody', secondsLeft: undefined })
    })
  },
)
