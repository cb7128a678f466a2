// Makes the README's pictures of the playground, in docs/images: `npm run screenshots`. It needs a Chromium on the PATH.
import { mkdir } from 'node:fs/promises'
import { join } from 'node:path'

import type { Page } from 'playwright-core'

import { startPlayground } from '../test/browser/playground.ts'
import { ROOT } from '../test/node/project.ts'
import { takesNoArguments } from './command-line.mjs'

const IMAGES = join(ROOT, 'docs', 'images')
const WIDE = { width: 1120, height: 900 }
const PHONE = { width: 360, height: 740 }

takesNoArguments('npm run screenshots')
await mkdir(IMAGES, { recursive: true })
const playground = await startPlayground()
try {
  for (const colorScheme of ['light', 'dark'] as const) {
    // One after the other: both show the same user's devices.
    // oxlint-disable-next-line no-await-in-loop
    await takeBoth(colorScheme)
  }
  const phone = await playground.visit('/', { viewport: PHONE, deviceScaleFactor: 2 })
  await fill(phone)
  await phone.evaluate(() => scrollTo(0, 0))
  await phone.screenshot({ path: join(IMAGES, 'playground-phone.png') })
} finally {
  await playground.close()
}

/** The whole page, and the race lab by itself. */
async function takeBoth(colorScheme: 'light' | 'dark'): Promise<void> {
  const page = await playground.visit('/', { colorScheme, viewport: WIDE })
  await fill(page)
  await page.getByLabel('Name').fill(`ada-${colorScheme}`)
  await page.getByLabel('This device', { exact: true }).fill('Ada’s laptop')
  await page.getByRole('button', { name: 'Sign in' }).click()
  await page.getByText('Signed in as').waitFor()
  await page.getByRole('button', { name: 'Change one character' }).click()
  await page.getByText('The handle changed').waitFor()
  await page.getByRole('button', { name: 'visits +1', exact: true }).click()
  await page.locator('[data-key=visits] .json', { hasText: '11' }).waitFor()
  await page.getByRole('button', { name: 'Fire from this browser' }).click()
  await page.locator('#lab-status', { hasText: 'Done.' }).waitFor()
  // What has the focus would have a frame.
  await page.evaluate(() => {
    if (document.activeElement instanceof HTMLElement) document.activeElement.blur()
  })
  await page.mouse.move(0, 0)
  // As tall as the page, so that the bar of costs stands at its end.
  const height = await page.evaluate(() => document.documentElement.scrollHeight)
  await page.setViewportSize({ ...WIDE, height })
  await page.screenshot({ path: join(IMAGES, `playground-${colorScheme}.png`) })
  // The bar of costs would lie over it.
  await page.locator('#cost').evaluate((bar) => bar.remove())
  await page
    .locator('section.lab')
    .screenshot({ path: join(IMAGES, `race-lab-${colorScheme}.png`) })
}

/** Something to see. */
async function fill(page: Page): Promise<void> {
  await page.getByLabel('The value of note').fill('Milk, and bread')
  await page.getByRole('button', { name: 'set note' }).click()
  await page.getByLabel('One more item').fill('plum')
  await page.getByRole('button', { name: 'add to cart' }).click()
  await page.getByRole('button', { name: 'visits +10' }).click()
  await page.locator('[data-key=visits] .json').waitFor()
}
