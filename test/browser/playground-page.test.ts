import assert from 'node:assert/strict'
import { readFile } from 'node:fs/promises'
import { createRequire } from 'node:module'
import * as runner from 'node:test'
import { gzipSync } from 'node:zlib'

import type { AxeResults } from 'axe-core'
import type { BrowserContextOptions, Page } from 'playwright-core'

import { it } from '../node/suite.ts'
import { CHROMIUM } from './chromium.ts'
import { type Playground, startPlayground } from './playground.ts'

const AXE = await readFile(createRequire(import.meta.url).resolve('axe-core/axe.min.js'), 'utf8')
const PHONE = { width: 360, height: 740 }
const MAX_BYTES = 60_000

interface Axe {
  readonly run: (context: object, options: object) => Promise<AxeResults>
}

/** The page's violations, and the texts whose contrast axe-core could not tell, each with its places. */
async function faultsOf(page: Page): Promise<readonly string[]> {
  await page.evaluate(AXE)
  // The frame is a page of its own, and looked at by itself.
  const { passes, violations, incomplete } = await page.evaluate(() => {
    const { axe } = globalThis as unknown as { readonly axe: Axe }
    return axe.run({ exclude: ['iframe'] }, { iframes: false })
  })
  assert.ok(passes.some(({ id }) => id === 'color-contrast'))
  const unclear = incomplete.filter(({ id }) => id === 'color-contrast')
  return [...violations, ...unclear].map(
    ({ id, nodes }) => `${id}: ${nodes.map(({ target }) => target.join(' ')).join(', ')}`,
  )
}

/** Goes to the page that plays another site, without its sandbox, in which axe-core could not run. */
async function visitForged(page: Page, base: string): Promise<void> {
  const path = `${base}/forged`
  await page.route(path, async (route) => {
    const response = await route.fetch()
    await route.fulfill({ body: await response.body(), contentType: 'text/html; charset=utf-8' })
  })
  await page.goto(path)
}

/** Opens everything, and makes the window as tall as the page, so that nothing lies over anything. */
async function unfold(page: Page): Promise<void> {
  await page.locator('details').evaluateAll((all) => {
    for (const details of all) details.setAttribute('open', '')
  })
  const height = await page.evaluate(() => document.documentElement.scrollHeight)
  await page.setViewportSize({ width: page.viewportSize()?.width ?? 0, height: height + 200 })
}

async function click(page: Page, name: string): Promise<void> {
  await page.getByRole('button', { name, exact: true }).click()
}

/** Waits for the sockets: one that is not open before a sign-in or sign-out is refused. */
async function connected(page: Page, base: string): Promise<void> {
  if (base === '') {
    for (const tab of ['#told', '#told-too']) {
      await page.locator(tab, { hasText: 'connected' }).waitFor()
    }
  }
}

async function signIn(page: Page): Promise<void> {
  await page.getByLabel('Name').fill('ada')
  await click(page, 'Sign in')
  await page.locator('#state', { hasText: 'Its user is ada' }).waitFor()
}

/** The contrast of a control's border with what is around it (WCAG 2.2: 1.4.11). */
async function borderContrasts(page: Page): Promise<number[]> {
  return page
    .locator('input:not([type=hidden]):enabled, button:enabled')
    .evaluateAll((controls) => {
      const channel = (value: number): number =>
        value <= 0.039_28 ? value / 12.92 : ((value + 0.055) / 1.055) ** 2.4
      const luminance = (colour: string): number => {
        const [red = 0, green = 0, blue = 0] = (colour.match(/[\d.]+/g) ?? []).map((value) =>
          channel(Number(value) / 255),
        )
        return 0.2126 * red + 0.7152 * green + 0.0722 * blue
      }
      return controls.map((control) => {
        const around = getComputedStyle(control.closest('section') ?? document.body)
        const [one, other] = [getComputedStyle(control).borderTopColor, around.backgroundColor]
          .map(luminance)
          .toSorted((a, b) => a - b)
        return ((other ?? 0) + 0.05) / ((one ?? 0) + 0.05)
      })
    })
}

const skip =
  CHROMIUM === undefined && 'there is no Chromium on this machine: apt-get install chromium'

void runner.describe('the page of the playground', { skip }, () => {
  let playground: Playground

  runner.before(async () => {
    playground = await startPlayground()
  })
  runner.after(() => playground.close())

  const schemes = ['light', 'dark'] as const
  const widths = [
    ['a desk', { width: 1200, height: 900 }],
    ['a phone', PHONE],
  ] as const
  for (const colorScheme of schemes) {
    for (const [place, viewport] of widths) {
      const options: BrowserContextOptions = { colorScheme, viewport }
      for (const base of ['', '/kv']) {
        it(`has no fault that axe-core finds, ${colorScheme}, on ${place}, at ${base}/`, async () => {
          const page = await playground.visit(`${base}/`, options)
          await unfold(page)
          assert.deepEqual(await faultsOf(page), [], 'of a new visitor')
          assert.ok(Math.min(...(await borderContrasts(page))) >= 3)
          await click(page, 'Store something')
          await connected(page, base)
          await signIn(page)
          await page.getByLabel('Requests', { exact: true }).fill('10')
          await click(page, 'Fire from this browser')
          await page.locator('#lab-status', { hasText: 'Done.' }).waitFor()
          await click(page, 'Change one character')
          await page.getByText('The handle changed').waitFor()
          await page.getByLabel('A flash message').fill('Saved')
          await click(page, 'flash a notice')
          await page.locator('#flashes .flash').waitFor()
          await page.getByLabel('The value of visits').fill('many')
          await click(page, 'set visits')
          await page.locator('#alert .flash').waitFor()
          await unfold(page)
          assert.deepEqual(await faultsOf(page), [], 'of a user')
          assert.ok(Math.min(...(await borderContrasts(page))) >= 3)
          await page.goto(`${base}/account`)
          assert.deepEqual(await faultsOf(page), [], 'of the account')
          await page.goto(`${base}/`)
          await connected(page, base)
          await click(page, 'Sign out')
          await page.locator('#state', { hasText: 'No session yet' }).waitFor()
          await unfold(page)
          assert.deepEqual(await faultsOf(page), [], 'of a user who has signed out')
          for (const path of ['login', 'nothing']) {
            await page.goto(`${base}/${path}`)
            assert.deepEqual(await faultsOf(page), [], path)
          }
          await visitForged(page, base)
          assert.deepEqual(await faultsOf(page), [], 'forged')
          await playground.settle(400, 404)
        })
      }

      it(`has documents that axe-core finds no fault in, ${colorScheme}, on ${place}`, async () => {
        const page = await playground.visit('/docs/', options)
        assert.deepEqual(await faultsOf(page), [])
        await playground.settle()
      })
    }
  }

  it('links documents that are there', async () => {
    const page = await playground.visit()
    const linksOf = (): Promise<string[]> =>
      page
        .locator('a[href^="/docs/"]')
        .evaluateAll((links) => links.map((link) => link.getAttribute('href') ?? ''))
    const links = new Set(await linksOf())
    await page.goto('/docs/')
    for (const link of await linksOf()) links.add(link)
    assert.ok(links.size > 10 && links.has('/docs/once.md'))
    for (const link of links) {
      const response = await page.request.get(link)
      assert.equal(response.status(), 200, link)
      if (link !== '/docs/') assert.match(await response.text(), /^# /, link)
    }
    for (const link of ['/docs/none.md', '/docs/images/playground-light.png']) {
      assert.equal((await page.request.get(link)).status(), 404, link)
    }
    await playground.settle()
  })

  it('says first what it is and what to do, and shows the lab on a phone within a screen and a half', async () => {
    const page = await playground.visit('/', { viewport: PHONE })
    const bottomOf = (selector: string): Promise<number> =>
      page.locator(selector).evaluate((place) => place.getBoundingClientRect().bottom)
    assert.match((await page.locator('main > p').first().textContent()) ?? '', /^\s*A playground/)
    assert.ok((await bottomOf('#start button')) < PHONE.height)
    assert.ok((await bottomOf('#fire')) < PHONE.height)
    const charts = await Promise.all(
      ['objects', 'kv', 'naive'].map((lane) => bottomOf(`[data-lane=${lane}] svg`)),
    )
    assert.ok(Math.max(...charts) < PHONE.height * 1.5, charts.join(', '))
    const [first] = await page.locator('button.primary').allTextContents()
    assert.equal(first?.trim(), 'Store something')
    await playground.settle()
  })

  it('weighs at most 60 kB with everything, gzipped', async () => {
    const page = await playground.visit('/login')
    const urls = new Set<string>()
    page.on('response', (response) => void urls.add(response.url()))
    await page.goto('/')
    await page.locator('iframe').scrollIntoViewIfNeeded()
    await page.frameLocator('iframe').getByRole('button').waitFor()
    await page.waitForLoadState('networkidle')
    // Asked for again: the browser drops the body of a response that a page has left.
    const loaded = await Promise.all(
      Array.from(urls, async (url) => {
        const body = await (await page.request.get(url)).body()
        return [new URL(url).pathname, gzipSync(body).length] as const
      }),
    )
    const paths = new Set(loaded.map(([path]) => path))
    const wanted = ['/', '/forged', '/client/style.css', '/client/playground.js']
    assert.deepEqual(
      wanted.filter((path) => !paths.has(path)),
      [],
    )
    const total = loaded.reduce((sum, [, bytes]) => sum + bytes, 0)
    assert.ok(total <= MAX_BYTES, loaded.join('; '))
    await playground.settle()
  })

  for (const [place, viewport] of widths) {
    it(`shows on ${place} where the keyboard's focus is, at every control in turn`, async () => {
      const page = await playground.visit('/', { viewport })
      await click(page, 'Store something')
      await page.locator('#state', { hasText: 'You have a session' }).waitFor()
      const controls = await page
        .locator('main :is(a, button, input:not([type=hidden]), select, summary):not(:disabled)')
        .filter({ visible: true })
        .count()
      await page.evaluate(() => {
        if (document.activeElement instanceof HTMLElement) document.activeElement.blur()
        scrollTo(0, 0)
      })
      const seen = new Set<string>()
      const unseen: string[] = []
      for (let tabs = 0; tabs < controls + 10; tabs += 1) {
        await page.keyboard.press('Tab')
        const focus = await page.evaluate(() => {
          const element = document.activeElement
          if (element === null || element === document.body) return undefined
          const all = [...document.querySelectorAll('*')]
          const { outlineStyle, outlineWidth } = getComputedStyle(element)
          const { left, top, width, height } = element.getBoundingClientRect()
          const above = document.elementFromPoint(left + width / 2, top + height / 2)
          return {
            name: `${all.indexOf(element)} ${element.outerHTML.slice(0, 80)}`,
            isFrame: element.tagName === 'IFRAME',
            isOutlined: outlineStyle !== 'none' && parseFloat(outlineWidth) >= 2,
            isUncovered: above !== null && (element.contains(above) || above.contains(element)),
          }
        })
        // In the frame it is a control of the frame's that has the focus; on its way out, nothing has it.
        if (focus === undefined || focus.isFrame) continue
        if (seen.has(focus.name)) break
        seen.add(focus.name)
        if (!focus.isOutlined || !focus.isUncovered) unseen.push(focus.name)
      }
      assert.deepEqual(unseen, [])
      assert.equal(seen.size, controls)
      await playground.settle()
    })
  }

  it('has every change in a live region that says it', async () => {
    const page = await playground.visit()
    // What a screen reader would read: the region's text, whenever it changes.
    await page.evaluate(() => {
      const said: string[] = []
      Object.assign(globalThis, { said })
      for (const region of document.querySelectorAll('[role=status], [role=alert], [role=log]')) {
        new MutationObserver(() => said.push(region.textContent ?? '')).observe(region, {
          childList: true,
          characterData: true,
          subtree: true,
        })
      }
    })
    const isSaid = async (text: string): Promise<void> => {
      await page.waitForFunction(
        (wanted) =>
          (globalThis as unknown as { readonly said: readonly string[] }).said.some((each) =>
            each.replaceAll(/\s+/g, ' ').includes(wanted),
          ),
        text,
      )
    }
    await click(page, 'Store something')
    await isSaid('You have a session')
    await isSaid('POST /set/note 1 store call (create), Set-Cookie')
    await isSaid('connected')
    await click(page, 'visits +10')
    await isSaid('POST /increment/visits 1 store call (write)')
    await signIn(page)
    await isSaid('Its user is ada')
    await click(page, 'Fire from this browser')
    await isSaid('Firing at: Durable Object')
    await isSaid('Done. Durable Object: 0 lost')
    await click(page, 'Change one character')
    await isSaid('The handle changed: forged')
    await page.frameLocator('iframe').getByRole('button', { name: 'Claim it' }).click()
    await isSaid('The server refused it: 403')
    await page.getByLabel('The value of visits').fill('many')
    await click(page, 'set visits')
    await isSaid('400 visits takes a number')
    await playground.settle(403, 400)
  })
})
