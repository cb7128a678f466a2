import assert from 'node:assert/strict'
import { join } from 'node:path'
import * as runner from 'node:test'
import { fileURLToPath } from 'node:url'

import { build } from 'esbuild'
import type { Browser, BrowserContext, Page, WebSocketRoute } from 'playwright-core'

import { it } from '../node/suite.ts'
import { startWranglerDev, type WranglerDev } from '../node/wrangler-dev.ts'
import { CHROMIUM, launchChromium } from './chromium.ts'

const skip = CHROMIUM === undefined && 'There is no Chromium on this machine.'
const root = fileURLToPath(new URL('../..', import.meta.url))

void runner.describe('the client in Chromium, under wrangler dev,', { skip }, () => {
  let dev: WranglerDev
  let browser: Browser
  let context: BrowserContext
  let script: string
  runner.before(async () => {
    const objects = { SESSIONS: 'SessionObject', ROOMS: 'Room' }
    const main = 'examples/live/worker.ts'
    dev = await startWranglerDev(main, objects, ['--upstream-protocol', 'https'])
    browser = await launchChromium()
    const { outputFiles } = await build({
      entryPoints: [join(root, 'examples/live/page.ts')],
      alias: { 'edge-session/live/client': join(root, 'src/live/client.ts') },
      bundle: true,
      format: 'iife',
      globalName: 'example',
      write: false,
    })
    script = outputFiles[0]?.text ?? ''
  })
  runner.beforeEach(async () => {
    context = await browser.newContext()
  })
  runner.afterEach(() => context.close())
  runner.after(async () => {
    await browser.close()
    dev.kill()
  })

  async function newTab(): Promise<Page> {
    const page = await context.newPage()
    await page.goto(`http://app.localhost:${dev.port}/`)
    return page
  }

  /** Has a page follow its session by the example's script. */
  async function follow(page: Page): Promise<void> {
    await page.addScriptTag({ content: script })
    await page.evaluate(() => {
      const { example } = globalThis as unknown as {
        example: { follow(show: (text: string) => void): unknown }
      }
      const heard: string[] = []
      Object.assign(globalThis, { heard })
      example.follow((text) => heard.push(text))
    })
  }

  /** Waits until a page has shown these texts, and no others. */
  async function shows(page: Page, ...texts: readonly string[]): Promise<void> {
    const heardIn = (): Promise<string[]> =>
      page.evaluate(() => (globalThis as unknown as { heard: string[] }).heard)
    await page.waitForFunction(
      (count) => (globalThis as unknown as { heard: string[] }).heard.length >= count,
      texts.length,
    )
    assert.deepEqual(await heardIn(), texts)
  }

  function post(page: Page, path: string, body = ''): Promise<number> {
    return page.evaluate(
      async ([to = '', text = '']) => (await fetch(to, { method: 'POST', body: text })).status,
      [path, body],
    )
  }

  it('a sign-out in one tab is told in all tabs', async () => {
    const tabs = [await newTab(), await newTab(), await newTab()]
    const [one] = tabs
    assert.ok(one !== undefined)
    assert.equal(await post(one, '/login', 'ada'), 200)
    for (const tab of tabs) await follow(tab)
    for (const tab of tabs) await shows(tab, 'connected')
    assert.equal(await post(one, '/theme', 'dark'), 200)
    for (const tab of tabs) await shows(tab, 'connected', 'changed: theme')
    assert.equal(await post(one, '/logout'), 200)
    for (const tab of tabs) await shows(tab, 'connected', 'changed: theme', 'signed out: destroyed')
  })

  it('another sign-in of the same user closes nothing', async () => {
    const [page, other] = [await newTab(), await newTab()]
    assert.equal(await post(page, '/login', 'ada'), 200)
    await follow(page)
    await shows(page, 'connected')
    assert.equal(await post(other, '/login', 'ada'), 200)
    assert.equal(await post(other, '/theme', 'dark'), 200)
    await shows(page, 'connected', 'changed: theme')
  })

  it('a lost connection is opened again, and a session that ended meanwhile is told', async () => {
    const page = await newTab()
    const routes: WebSocketRoute[] = []
    await page.routeWebSocket('**/live', (route) => {
      routes.push(route)
      route.connectToServer()
    })
    await page.reload()
    assert.equal(await post(page, '/login', 'ada'), 200)
    await follow(page)
    await shows(page, 'connected')
    await routes.at(-1)?.close({ code: 3001 })
    await shows(page, 'connected', 'connected')
    const other = await newTab()
    // Nothing of the end gets through.
    await routes.at(-1)?.close({ code: 3001 })
    await post(other, '/logout')
    await page.waitForFunction(() =>
      (globalThis as unknown as { heard: string[] }).heard.at(-1)?.startsWith('signed out'),
    )
  })

  it('a visitor without a session is told so', async () => {
    const page = await newTab()
    await follow(page)
    await shows(page, 'signed out: unknown')
  })
})
