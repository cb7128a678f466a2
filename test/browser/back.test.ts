import assert from 'node:assert/strict'
import * as runner from 'node:test'
import { fileURLToPath } from 'node:url'

import { type Browser, chromium, type Page } from 'playwright-core'

import { newDirectory } from '../node/project.ts'
import { it } from '../node/suite.ts'
import { bundle, newServer } from '../node/workerd.ts'
import { CHROMIUM } from './chromium.ts'

const WORKER = fileURLToPath(new URL('../support/pages-worker.ts', import.meta.url))
const ADA = 'account of ada'
const NOBODY = 'account of nobody'
/** Asked for anew, or shown as it was left. */
const FRESH = { text: NOBODY, isRestored: false }
const RESTORED = { text: ADA, isRestored: true }

/** Gives what the page says; an empty text while there is none. */
function textOf(page: Page): Promise<string> {
  // It is another page from one moment to the next.
  return page.evaluate(() => document.querySelector('p')?.innerText ?? '').catch(() => '')
}

async function says(page: Page, text: string): Promise<void> {
  await page.waitForFunction((wanted) => document.querySelector('p')?.innerText === wanted, text)
}

/** The ways to the account page. */
const WAYS_IN = {
  'by itself': async (page, path) => {
    await page.click('#sign-in')
    await says(page, ADA)
    await page.goto(`${path}&again`)
    await says(page, ADA)
  },
  'by the redirect of the sign-in': async (page) => {
    await page.click('#sign-in')
    await says(page, ADA)
  },
} satisfies Record<string, (page: Page, path: string) => Promise<void>>

/** The ways out, after which the page is the one before in the tab's history. */
const WAYS_OUT = {
  'by a form': async (page) => {
    await page.click('#sign-out')
    await says(page, 'another page')
  },
  'by fetch': async (page) => {
    await page.evaluate(() => fetch('/sign-out', { method: 'POST' }))
    await page.click('#other')
    await says(page, 'another page')
  },
  'in another tab': async (page) => {
    await page.click('#other')
    await says(page, 'another page')
    const tab = await page.context().newPage()
    await tab.goto('/account?x')
    await tab.click('#sign-out')
    await says(tab, 'another page')
    await tab.close()
  },
} satisfies Record<string, (page: Page) => Promise<void>>

void runner.describe(
  'Back after a sign-out, in Chromium with its back/forward cache',
  { skip: CHROMIUM === undefined && 'there is no Chromium on this machine' },
  () => {
    let origin = ''
    let browser: Browser
    let stop: () => Promise<void>

    runner.before(async () => {
      const directory = await newDirectory()
      await bundle(WORKER, directory)
      const server = await newServer(directory)
      await server.start()
      origin = server.origin
      browser = await chromium.launch({
        ...(CHROMIUM !== undefined && { executablePath: CHROMIUM }),
        args: ['--no-sandbox'],
        // Playwright starts Chromium without it.
        ignoreDefaultArgs: ['--disable-back-forward-cache'],
      })
      stop = () => server.kill()
    })

    runner.after(async () => {
      await browser.close()
      await stop()
    })

    /** Signs in and out, goes back, and gives what the page says once it says something final. */
    async function afterBack(
      wayIn: keyof typeof WAYS_IN,
      wayOut: keyof typeof WAYS_OUT,
      query: string,
    ): Promise<{ readonly text: string; readonly isRestored: boolean }> {
      const context = await browser.newContext({ baseURL: origin })
      context.setDefaultTimeout(20_000)
      const page = await context.newPage()
      const path = `/account${query}`
      await page.goto(path)
      await says(page, NOBODY)
      await WAYS_IN[wayIn](page, path)
      await page.evaluate(() => Object.assign(globalThis, { isSame: true }))
      await WAYS_OUT[wayOut](page)
      await page.evaluate(() => history.back())
      await page.waitForFunction(() => {
        const text = document.querySelector('p')?.innerText ?? ''
        return text.startsWith('account') && document.readyState === 'complete'
      })
      if (query === '?line') await says(page, NOBODY)
      const text = await textOf(page)
      const isRestored = await page.evaluate(() => 'isSame' in globalThis)
      await context.close()
      return { text, isRestored }
    }

    for (const wayOut of ['by a form', 'by fetch', 'in another tab'] as const) {
      for (const wayIn of ['by itself', 'by the redirect of the sign-in'] as const) {
        it(`does not show the account that was loaded ${wayIn}, and left ${wayOut}, with the line`, async () => {
          assert.deepEqual(await afterBack(wayIn, wayOut, '?line'), FRESH)
        })
      }

      it(`does not show the account that was loaded by itself, and left ${wayOut}, by the headers alone`, async () => {
        assert.deepEqual(await afterBack('by itself', wayOut, '?x'), FRESH)
      })
    }

    it('does not show the account of the redirect, left before a sign-out in another tab, by the headers alone', async () => {
      const wayIn = 'by the redirect of the sign-in'
      assert.deepEqual(await afterBack(wayIn, 'in another tab', '?x'), FRESH)
    })

    // What docs/caching.md says that headers do not reach. If one fails, Chromium has changed, and the docs should.
    for (const wayOut of ['by a form', 'by fetch'] as const) {
      it(`shows the account that the sign-in's redirect has led to, left ${wayOut}, by the headers alone`, async () => {
        const wayIn = 'by the redirect of the sign-in'
        assert.deepEqual(await afterBack(wayIn, wayOut, '?x'), RESTORED)
      })
    }

    it('shows an account that the application has kept as private, no-cache', async () => {
      assert.deepEqual(await afterBack('by itself', 'by a form', '?own'), RESTORED)
    })
  },
)
