import assert from 'node:assert/strict'

import type { Browser, BrowserContextOptions, Page } from 'playwright-core'

import { Demo, DEMO_FILES } from '../node/demo.ts'
import { copyProject, newDirectory, newPort } from '../node/project.ts'
import { launchChromium } from './chromium.ts'

/** What Chromium says of a request that was refused; the page shows the refusal itself. */
const REFUSED = /^Failed to load resource: the server responded with a status of (\d{3}) /

/** The demo, and a real browser that visits it. */
export class Playground {
  readonly origin: string
  readonly #demo: Demo
  readonly #browser: Browser
  /** What the browser has complained of. */
  #problems: string[] = []

  constructor(origin: string, demo: Demo, browser: Browser) {
    this.origin = origin
    this.#demo = demo
    this.#browser = browser
  }

  /** A page of a visitor of his own, with the demo in it. */
  async visit(path = '/', options: BrowserContextOptions = {}): Promise<Page> {
    const context = await this.#browser.newContext({
      baseURL: this.origin,
      viewport: { width: 1200, height: 900 },
      ...options,
    })
    context.setDefaultTimeout(20_000)
    context.on('page', (page) => {
      page.on('console', (message) => {
        const isProblem = ['error', 'warning'].includes(message.type())
        if (isProblem) this.#problems.push(message.text())
      })
    })
    context.on('weberror', (error) => this.#problems.push(String(error.error())))
    const page = await context.newPage()
    await page.goto(path)
    return page
  }

  /** Closes all pages. Fails if the browser has complained of anything but requests that were refused with these statuses. */
  async settle(...refused: readonly number[]): Promise<void> {
    await Promise.all(this.#browser.contexts().map((context) => context.close()))
    const problems = this.#problems.map((problem) => REFUSED.exec(problem)?.[1] ?? problem)
    this.#problems = []
    assert.deepEqual(problems, refused.map(String))
  }

  /** Stops the browser and the demo. */
  async close(): Promise<void> {
    await this.#browser.close()
    this.#demo.kill()
  }
}

/** Starts the demo in a copy of this repository, and a browser. */
export async function startPlayground(): Promise<Playground> {
  const { demo, origin } = await startDemo()
  return new Playground(origin, demo, await launchChromium())
}

/** The same over https, and a browser that takes its certificate and binds sessions to this device. */
export async function startSecurePlayground(): Promise<Playground> {
  const { demo, origin } = await startDemo('--https')
  await demo.said(`= ${origin}/\n`)
  const [line = ''] = /To bind sessions .*/.exec(demo.output) ?? []
  const args = line.split(' ').filter((word) => /^--(enable|ignore)/.test(word))
  return new Playground(origin, demo, await launchChromium({ args }))
}

/** Starts the demo in a copy of this repository. */
export async function startDemo(
  ...options: readonly string[]
): Promise<{ demo: Demo; origin: string }> {
  const directory = await newDirectory()
  const port = await newPort()
  await copyProject(directory, DEMO_FILES)
  const demo = new Demo(directory, port, ...options)
  const origin = `${options.includes('--https') ? 'https' : 'http'}://localhost:${port}`
  await demo.said(`edge-session demo: ${origin}/\n`)
  return { demo, origin }
}
