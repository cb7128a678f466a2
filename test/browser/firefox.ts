import { type ChildProcess, spawn } from 'node:child_process'
import { once } from 'node:events'
import { writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { createInterface } from 'node:readline'
import { setTimeout as wait } from 'node:timers/promises'

import { atEnd, newDirectory, plainEnvironment } from '../node/project.ts'
import { BidiConnection } from './bidi.ts'
import {
  type Driver,
  type Engine,
  type KeptCookie,
  type Tab,
  untilTrue,
  type Visitor,
} from './driver.ts'
import { programOf } from './programs.ts'

const FIREFOX = programOf(['firefox-esr', 'firefox'])
const START_MS = 60_000

/** Nothing is asked of the network, and all names lead to this machine. */
const PREFERENCES = {
  'app.normandy.enabled': false,
  'app.update.disabledForTesting': true,
  'browser.safebrowsing.malware.enabled': false,
  'browser.safebrowsing.phishing.enabled': false,
  'browser.search.update': false,
  'browser.topsites.contile.enabled': false,
  'captivedetect.canonicalURL': '',
  'datareporting.policy.dataSubmissionEnabled': false,
  'extensions.systemAddon.update.enabled': false,
  'extensions.update.enabled': false,
  'network.captive-portal-service.enabled': false,
  'network.connectivity-service.enabled': false,
  'network.dns.forceResolve': '127.0.0.1',
  'services.settings.server': 'data:,#remote-settings-dummy/v1',
  'toolkit.telemetry.server': 'https://%(server)s/telemetry-dummy/',
}

/** The Firefox of this machine, driven by WebDriver BiDi, which needs no program besides it. */
export const FIREFOX_ENGINE = {
  name: 'Firefox',
  skip: FIREFOX === undefined && 'there is no Firefox on this machine: apt-get install firefox-esr',
  launch: launchFirefox,
} as const satisfies Engine

export interface FirefoxDriver extends Driver {
  /** Exceptions that no page has caught, and what pages wrote to the console as errors, so far. */
  readonly problems: readonly string[]
}

/** Starts Firefox without a window, with a profile that is gone afterwards. */
async function launchFirefox(): Promise<FirefoxDriver> {
  if (FIREFOX === undefined) throw new Error('There is no Firefox on this machine.')
  const profile = await newDirectory()
  const preferences = Object.entries(PREFERENCES).map(
    ([name, value]) => `user_pref(${JSON.stringify(name)}, ${JSON.stringify(value)});`,
  )
  await writeFile(join(profile, 'user.js'), preferences.join('\n'))
  const options = ['--headless', '--remote-debugging-port=0', '--profile', profile, '--no-remote']
  const firefox = spawn(FIREFOX, options, {
    env: { ...plainEnvironment(), HOME: profile, MOZ_CRASHREPORTER_DISABLE: '1' },
    stdio: ['ignore', 'ignore', 'pipe'],
  })
  atEnd(() => firefox.kill('SIGKILL'))
  const connection = await BidiConnection.open(`${await addressOf(firefox)}/session`)
  await connection.send('session.new', {
    capabilities: { alwaysMatch: { acceptInsecureCerts: true } },
  })
  const problems: string[] = []
  connection.onEvent = (method, { level, text }) => {
    if (method === 'log.entryAdded' && level === 'error') problems.push(String(text))
  }
  await connection.send('session.subscribe', { events: ['log.entryAdded'] })
  return {
    problems,
    newVisitor: () => newVisitor(connection),
    close: async () => {
      const isOver = once(firefox, 'exit')
      await connection.send('browser.close').catch(() => undefined)
      connection.close()
      await isOver
    },
  }
}

async function addressOf(firefox: ChildProcess): Promise<string> {
  const lines = createInterface({ input: firefox.stderr ?? process.stdin })
  const found = new Promise<string>((resolve) => {
    lines.on('line', (line) => {
      const address = /WebDriver BiDi listening on (ws:\S+)/.exec(line)?.[1]
      if (address !== undefined) resolve(address)
    })
  })
  const late = wait(START_MS, undefined, { ref: false })
  const address = await Promise.race([found, late, once(firefox, 'exit')])
  if (typeof address === 'string') return address
  throw new Error('Firefox does not say where it listens.')
}

async function newVisitor(connection: BidiConnection): Promise<Visitor> {
  const { userContext } = await connection.send<{ userContext: string }>(
    'browser.createUserContext',
  )
  return {
    newTab: async () => {
      const made = await connection.send<{ context: string }>('browsingContext.create', {
        type: 'tab',
        userContext,
      })
      return new FirefoxTab(connection, made.context)
    },
    cookies: async () => {
      const { cookies } = await connection.send<{ cookies: BidiCookie[] }>('storage.getCookies', {
        partition: { type: 'storageKey', userContext },
      })
      return cookies.map(keptCookie)
    },
    close: async () => void (await connection.send('browser.removeUserContext', { userContext })),
  }
}

interface BidiCookie {
  readonly name: string
  readonly value: { readonly value: string }
  readonly domain: string
  readonly path: string
  readonly secure: boolean
  readonly httpOnly: boolean
  readonly expiry?: number
}

function keptCookie({ value, expiry, ...cookie }: BidiCookie): KeptCookie {
  return { ...cookie, value: value.value, expires: expiry }
}

class FirefoxTab implements Tab {
  readonly #connection: BidiConnection
  readonly #context: string

  constructor(connection: BidiConnection, context: string) {
    this.#connection = connection
    this.#context = context
  }

  async goto(url: string): Promise<void> {
    await this.#send('browsingContext.navigate', { url, wait: 'complete' })
  }

  async reload(): Promise<void> {
    await this.#send('browsingContext.reload', { wait: 'complete' })
  }

  async evaluate<T>(expression: string): Promise<T> {
    const { type, result, exceptionDetails } = await this.#send<Evaluated>('script.evaluate', {
      expression: `(async () => JSON.stringify({ value: await (${expression}) }))()`,
      awaitPromise: true,
      userActivation: true,
      target: { context: this.#context },
    })
    if (type !== 'success') throw new Error(`${expression}: ${exceptionDetails?.text}`)
    return (JSON.parse(result?.value ?? '{}') as { value: T }).value
  }

  waitUntil(expression: string): Promise<void> {
    return untilTrue(this, expression)
  }

  async click(selector: string): Promise<void> {
    const { nodes } = await this.#send<{ nodes: { sharedId: string }[] }>(
      'browsingContext.locateNodes',
      { locator: { type: 'css', value: selector }, maxNodeCount: 1 },
    )
    const [node] = nodes
    if (node === undefined) throw new Error(`There is no ${selector}.`)
    await this.evaluate(
      `document.querySelector(${JSON.stringify(selector)}).scrollIntoView({ block: 'center', behavior: 'instant' })`,
    )
    const origin = { type: 'element', element: { sharedId: node.sharedId } }
    await this.#act('pointer', [
      { type: 'pointerMove', x: 0, y: 0, origin },
      { type: 'pointerDown', button: 0 },
      { type: 'pointerUp', button: 0 },
    ])
  }

  async fill(selector: string, text: string): Promise<void> {
    await this.evaluate(`document.querySelector(${JSON.stringify(selector)}).select()`)
    const keys = Array.from(text).flatMap((value) => [
      { type: 'keyDown', value },
      { type: 'keyUp', value },
    ])
    await this.#act('key', keys)
  }

  async #act(type: string, actions: readonly object[]): Promise<void> {
    await this.#send('input.performActions', { actions: [{ type, id: type, actions }] })
  }

  #send<Result>(method: string, params: Record<string, unknown>): Promise<Result> {
    return this.#connection.send<Result>(method, { context: this.#context, ...params })
  }
}

interface Evaluated {
  readonly type: 'success' | 'exception'
  readonly result?: { readonly value?: string }
  readonly exceptionDetails?: { readonly text: string }
}
