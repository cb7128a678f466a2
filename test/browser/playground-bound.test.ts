import assert from 'node:assert/strict'
import * as runner from 'node:test'

import type { Page } from 'playwright-core'

import { it } from '../node/suite.ts'
import { CHROMIUM } from './chromium.ts'
import { type Playground, startSecurePlayground } from './playground.ts'

async function sendCopy(page: Page): Promise<string | null> {
  await page.getByRole('button', { name: 'Send my cookie from another browser' }).click()
  const flash = page.locator('#flashes .flash')
  await flash.waitFor()
  return flash.textContent()
}

const skip =
  CHROMIUM === undefined && 'there is no Chromium on this machine: apt-get install chromium'

void runner.describe('the playground over https', { skip }, () => {
  let playground: Playground

  runner.before(async () => {
    playground = await startSecurePlayground()
  })
  runner.after(() => playground.close())

  it('lets a copy in while nobody is signed in, and says why', async () => {
    const page = await playground.visit()
    await page.getByRole('button', { name: 'visits +1', exact: true }).click()
    await page.locator('[data-key=visits] .json').waitFor()
    assert.match((await sendCopy(page)) ?? '', /200 The copy was let in/)
    await playground.settle()
  })
})
