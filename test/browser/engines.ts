import type { BrowserContext, Page } from 'playwright-core'

import { CHROMIUM, launchChromium } from './chromium.ts'
import { type Driver, type Engine, type Tab, untilTrue, type Visitor } from './driver.ts'
import { FIREFOX_ENGINE } from './firefox.ts'

const CHROMIUM_ENGINE: Engine = {
  name: 'Chromium',
  skip: CHROMIUM === undefined && 'there is no Chromium on this machine: apt-get install chromium',
  launch: async (): Promise<Driver> => {
    const browser = await launchChromium({
      args: ['--host-resolver-rules=MAP *.test 127.0.0.1'],
    })
    return {
      newVisitor: async () =>
        new ChromiumVisitor(await browser.newContext({ ignoreHTTPSErrors: true })),
      close: () => browser.close(),
    }
  },
}

/** The browsers in which these tests run, each skipped by its name where it is missing. */
export const ENGINES: readonly Engine[] = [CHROMIUM_ENGINE, FIREFOX_ENGINE]

class ChromiumVisitor implements Visitor {
  readonly #context: BrowserContext

  constructor(context: BrowserContext) {
    this.#context = context
  }

  async newTab(): Promise<Tab> {
    return tabOf(await this.#context.newPage())
  }

  async cookies(): ReturnType<Visitor['cookies']> {
    const cookies = await this.#context.cookies()
    return cookies.map(({ expires, ...cookie }) => ({
      ...cookie,
      expires: expires < 0 ? undefined : expires,
    }))
  }

  close(): Promise<void> {
    return this.#context.close()
  }
}

function tabOf(page: Page): Tab {
  const evaluate: Tab['evaluate'] = (expression) => page.evaluate(expression)
  return {
    evaluate,
    goto: async (url) => void (await page.goto(url)),
    reload: async () => void (await page.reload()),
    waitUntil: (expression) => untilTrue({ evaluate }, expression),
    click: (selector) => page.click(selector),
    fill: (selector, text) => page.fill(selector, text),
  }
}
