import assert from 'node:assert/strict'
import * as runner from 'node:test'

import type { Demo } from '../node/demo.ts'
import { it } from '../node/suite.ts'
import type { Tab, Visitor } from './driver.ts'
import { FIREFOX_ENGINE, type FirefoxDriver } from './firefox.ts'
import { startDemo } from './playground.ts'

/** A page of the playground, with what a visitor does there. In Chromium playground.test.ts does it, and more. */
class Page {
  readonly tab: Tab

  constructor(tab: Tab) {
    this.tab = tab
  }

  /** Waits until an element's text has this in it. */
  has(selector: string, text: string): Promise<void> {
    const [place, part] = [selector, text].map((each) => JSON.stringify(each))
    return this.tab.waitUntil(
      `[...document.querySelectorAll(${place})].some((each) => each.textContent.replace(/\\s+/g, ' ').includes(${part}))`,
    )
  }

  /** Waits until the dictionary shows this as the key's JSON, or `not set`. */
  shows(key: string, text: string): Promise<void> {
    const place = `[data-key=${key}] :is(.json, small)`
    return this.tab.waitUntil(
      `document.querySelector(${JSON.stringify(place)})?.textContent === ${JSON.stringify(text)}`,
    )
  }

  /** Presses the button of this name. */
  async click(name: string): Promise<void> {
    // A name is the label, or else the text; the mark is for the driver to find it by.
    await this.tab.waitUntil(`(() => {
      const button = [...document.querySelectorAll('button')].find(
        (each) => (each.getAttribute('aria-label') ?? each.textContent.trim()) === ${JSON.stringify(name)},
      )
      document.querySelector('[data-mark]')?.removeAttribute('data-mark')
      button?.setAttribute('data-mark', '')
      return button !== undefined && !button.disabled
    })()`)
    await this.tab.click('[data-mark]')
  }

  async fill(label: string, text: string): Promise<void> {
    await this.tab.fill(`input[aria-label=${JSON.stringify(label)}]`, text)
  }

  async signIn(name: string, device: string): Promise<void> {
    await this.tab.fill('#account input[name=name]', name)
    await this.tab.fill('#account input[name=label]', device)
    await this.click('Sign in')
    await this.has('#account', `Signed in as ${name}`)
  }
}

const { name: engine, skip, launch } = FIREFOX_ENGINE

void runner.describe(`the playground in ${engine}`, { skip }, () => {
  let driver: FirefoxDriver
  let demo: Demo
  let origin: string

  runner.before(async () => {
    ;({ demo, origin } = await startDemo())
    driver = await launch()
  })
  runner.after(async () => {
    await driver.close()
    demo.kill()
  })

  async function visit(visitor: Visitor, path = '/'): Promise<Page> {
    const tab = await visitor.newTab()
    await tab.goto(origin + path)
    return new Page(tab)
  }

  for (const base of ['', '/kv']) {
    const cookieName = base === '' ? '__Host-session' : '__Host-session-kv'
    const valueIn = async (visitor: Visitor): Promise<string | undefined> =>
      (await visitor.cookies()).find(({ name }) => name === cookieName)?.value

    it(`changes the dictionary at ${base}/, and stays the same page`, async () => {
      const visitor = await driver.newVisitor()
      const page = await visit(visitor, `${base}/`)
      const load = await page.tab.evaluate('performance.timeOrigin')
      await page.has('#session', 'is new yes')
      await page.fill('The value of note', 'milk')
      await page.click('set note')
      await page.shows('note', '"milk"')
      await page.has('#session', 'is new no')
      await page.fill('The value of cart', 'apple, pear')
      await page.click('set cart')
      await page.shows('cart', '["apple","pear"]')
      await page.fill('A flash message', 'Saved')
      await page.click('flash a notice')
      await page.has('#flashes', 'notice Saved')
      await page.click('delete note')
      await page.shows('note', 'not set')
      const before = await valueIn(visitor)
      assert.ok(before !== undefined)
      await page.click('regenerate()')
      await page.has('#last-click', `${base}/regenerate`)
      assert.notEqual(await valueIn(visitor), before)
      await page.shows('cart', '["apple","pear"]')
      await page.click('destroy()')
      await page.has('#session', 'is new yes')
      assert.equal(await valueIn(visitor), undefined)
      assert.equal(await page.tab.evaluate('performance.timeOrigin'), load)
      await visitor.close()
    })

    it(`signs in and out at ${base}/, and ends another device`, async () => {
      const name = `${engine}-${base.slice(1)}`
      const [laptop, phone] = [await driver.newVisitor(), await driver.newVisitor()]
      const one = await visit(laptop, `${base}/`)
      await one.signIn(name, 'laptop')
      const other = await visit(phone, `${base}/`)
      await other.signIn(name, 'phone')
      await other.has('.devices li', 'phone (this one)')
      await other.click('End this one: laptop')
      await other.has('#last-click', '/revoke')
      await one.tab.reload()
      await one.has('#account', 'No one is signed in')
      await other.click('Sign out')
      await other.has('#account', 'No one is signed in')
      assert.equal(await valueIn(phone), undefined)
      await laptop.close()
      await phone.close()
    })
  }

  it('counts in one step, and follows another tab', async () => {
    const visitor = await driver.newVisitor()
    const page = await visit(visitor)
    await page.click('visits +10')
    await page.shows('visits', '10')
    const tab = await visit(visitor)
    await tab.click('visits +1')
    await page.shows('visits', '11')
    await visitor.close()
  })

  it('tells a forged token, and refuses what another site sends', async () => {
    const visitor = await driver.newVisitor()
    const page = await visit(visitor)
    await page.fill('The value of note', 'mine')
    await page.click('set note')
    await page.shows('note', '"mine"')
    await page.click('Change one character')
    await page.has('#tried', 'forged')
    // The playground shows it in a frame.
    await page.tab.goto(`${origin}/forged`)
    await page.click('Claim it')
    await page.has('#message', '403')
    await page.tab.goto(`${origin}/`)
    await page.shows('note', '"mine"')
    await visitor.close()
  })

  it('fires from the browser, and loses nothing on objects', async () => {
    const visitor = await driver.newVisitor()
    const page = await visit(visitor)
    await page.tab.fill('input[name=count]', '10')
    await page.click('Fire from this browser')
    await page.has('[data-lane=objects].done [data-counts]', '10 sent, 10 arrived, 0 lost')
    await page.tab.waitUntil(`document.querySelector('[data-lane=naive].done') !== null`)
    await visitor.close()
  })

  it('has caught all exceptions of its pages', () => {
    assert.deepEqual(driver.problems, [])
  })
})
