import assert from 'node:assert/strict'
import * as runner from 'node:test'

import type { Page } from 'playwright-core'

import { it } from '../node/suite.ts'
import { CHROMIUM } from './chromium.ts'
import { type Playground, startSecurePlayground } from './playground.ts'

const COOKIE = '__Host-session-bound'

/** Waits until the section says it. */
async function says(page: Page, text: string | RegExp): Promise<void> {
  // As long as the page looks for the browser's registration, which takes a busy machine some time.
  await page.locator('#bound').filter({ hasText: text }).waitFor({ timeout: 60_000 })
}

async function sendCopy(page: Page): Promise<string | null> {
  await page.getByRole('button', { name: 'Send my cookie from another browser' }).click()
  const flash = page.locator('#flashes .flash')
  await flash.waitFor()
  return flash.textContent()
}

async function signIn(page: Page): Promise<void> {
  await page.getByLabel('Name').fill('ada')
  await page.getByRole('button', { name: 'Sign in' }).click()
}

async function boundCookie(page: Page): Promise<string | undefined> {
  const cookies = await page.context().cookies()
  return cookies.find(({ name }) => name === COOKIE)?.value
}

const skip =
  CHROMIUM === undefined && 'there is no Chromium on this machine: apt-get install chromium'

void runner.describe('the playground over https', { skip }, () => {
  let playground: Playground

  runner.before(async () => {
    playground = await startSecurePlayground()
  })
  runner.after(() => playground.close())

  it('shows that the session is bound to its device, and refuses a copy of its cookie', async () => {
    const page = await playground.visit()
    await says(page, /session\.binding\s*none/)
    await signIn(page)
    // The browser registers its key after the sign-in, and the page looks for it.
    await says(page, /session\.binding\s*bound\s*last refresh\s*20/)
    await page.locator('.devices li', { hasText: '(this one), bound' }).waitFor()
    const refused = await sendCopy(page)
    assert.match(refused ?? '', /Another browser 401 This session belongs to another device/)

    // Without its cookie, the browser shows its key before it sends another request.
    const former = await boundCookie(page)
    await page.context().clearCookies({ name: COOKIE })
    await page.reload()
    await says(page, /session\.binding\s*bound\s*last refresh\s*20/)
    const next = await boundCookie(page)
    assert.ok(next !== undefined && next !== former)
    await playground.settle()
  })

  it('lets a copy in while nobody is signed in, and says why', async () => {
    const page = await playground.visit()
    await page.getByRole('button', { name: 'visits +1', exact: true }).click()
    await page.locator('[data-key=visits] .json').waitFor()
    assert.match((await sendCopy(page)) ?? '', /200 The copy was accepted/)
    await playground.settle()
  })
})
