import assert from 'node:assert/strict'
import { join } from 'node:path'
import * as runner from 'node:test'
import { pathToFileURL } from 'node:url'

import type { Browser, BrowserContextOptions, Page } from 'playwright-core'

import { ROOT } from '../node/project.ts'
import { it } from '../node/suite.ts'
import { CHROMIUM, launchChromium } from './chromium.ts'

const ADDRESS = pathToFileURL(join(ROOT, 'docs/index.html')).href
const PHONE = { width: 360, height: 780 }
/** WCAG 2.2, 1.4.3, level AA, for text of any size. */
const CONTRAST = 4.5

let browser: Browser

/** The page from its file, in a browser of these settings. A fault of the page fails the test. */
async function opened(options: BrowserContextOptions): Promise<Page> {
  const context = await browser.newContext(options)
  const page = await context.newPage()
  page.on('pageerror', (error) => assert.fail(error))
  page.on('request', (request) => assert.equal(request.url(), ADDRESS))
  await page.goto(ADDRESS)
  return page
}

/** The texts whose contrast is too low, in the colours that are on the screen. */
function faintTexts(page: Page): Promise<string[]> {
  return page.evaluate((least) => {
    const context = document.createElement('canvas').getContext('2d', { willReadFrequently: true })
    const channels = (colour: string): number[] => {
      if (context === null) return []
      context.clearRect(0, 0, 1, 1)
      context.fillStyle = colour
      context.fillRect(0, 0, 1, 1)
      return [...context.getImageData(0, 0, 1, 1).data]
    }
    const luminance = (colour: string): number => {
      const [red = 0, green = 0, blue = 0] = channels(colour).map((channel) => {
        const part = channel / 255
        return part <= 0.04045 ? part / 12.92 : ((part + 0.055) / 1.055) ** 2.4
      })
      return 0.2126 * red + 0.7152 * green + 0.0722 * blue
    }
    const groundOf = (place: Element | null): string => {
      const colour = place === null ? '#fff' : getComputedStyle(place).backgroundColor
      return channels(colour)[3] === 0 && place !== null ? groundOf(place.parentElement) : colour
    }
    return Array.from(document.body.querySelectorAll('*')).flatMap((place) => {
      const own = Array.from(place.childNodes).some(
        (node) => node.nodeType === Node.TEXT_NODE && node.textContent?.trim() !== '',
      )
      if (!own || ['SCRIPT', 'STYLE'].includes(place.tagName)) return []
      const [low = 0, high = 0] = [getComputedStyle(place).color, groundOf(place)]
        .map(luminance)
        .toSorted((a, b) => a - b)
      return (high + 0.05) / (low + 0.05) < least ? [place.outerHTML.slice(0, 80)] : []
    })
  }, CONTRAST)
}

/** The number of animations that run or wait. */
function animations(page: Page): Promise<number> {
  return page.evaluate(() => document.getAnimations().length)
}

void runner.describe('docs/index.html in Chromium', { skip: CHROMIUM === undefined }, () => {
  runner.before(async () => {
    browser = await launchChromium()
  })
  runner.after(() => browser.close())

  for (const colorScheme of ['light', 'dark'] as const) {
    it(`fits a phone and can be read, ${colorScheme}`, async () => {
      const page = await opened({ colorScheme, viewport: PHONE })
      const grounds = { light: 'rgb(246, 247, 249)', dark: 'rgb(15, 18, 22)' }
      assert.equal(
        await page.evaluate(() => getComputedStyle(document.body).backgroundColor),
        grounds[colorScheme],
      )
      assert.equal(await page.evaluate(() => document.documentElement.scrollWidth), PHONE.width)
      const wide = await page
        .locator('section, table, tr, td, li, pre, p')
        .evaluateAll((places) =>
          places
            .filter((place) => place.scrollWidth > place.clientWidth && place.clientWidth > 1)
            .map((place) => place.outerHTML.slice(0, 80)),
        )
      assert.deepEqual(wide, [])
      assert.deepEqual(await faintTexts(page), [])
    })
  }

  it('plays the race, and plays it again', async () => {
    const page = await opened({})
    assert.ok((await animations(page)) > 10)
    // No test waits for the real time of an animation.
    await page.evaluate(() => document.getAnimations().forEach((animation) => animation.finish()))
    const done = (): Promise<string[]> =>
      page.evaluate(() => [...new Set(document.getAnimations().map(({ playState }) => playState))])
    assert.deepEqual(await done(), ['finished'])
    await page.getByRole('button', { name: 'Replay' }).click()
    assert.deepEqual(await done(), ['running'])
  })

  for (const [name, options] of [
    ['without motion where the visitor wants none', { reducedMotion: 'reduce' }],
    ['without JavaScript', { javaScriptEnabled: false }],
  ] as const) {
    it(`shows how the race ended ${name}`, async () => {
      const page = await opened(options)
      for (const text of ['The store has 1: 4 lost', 'The old cookie opens nothing'])
        await page.getByText(text).waitFor()
      assert.equal(await page.getByRole('button', { name: 'Replay' }).isVisible(), false)
      if ('reducedMotion' in options) {
        assert.equal(await animations(page), 0)
        const told = await page
          .locator('.told')
          .evaluateAll((places) => places.map((place) => getComputedStyle(place).opacity))
        assert.deepEqual([...new Set(told)], ['1'])
      }
    })
  }
})
