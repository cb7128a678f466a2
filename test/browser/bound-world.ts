import { createHash, X509Certificate } from 'node:crypto'
import { readFile } from 'node:fs/promises'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'

import { type Browser, type BrowserContext, chromium, type Page } from 'playwright-core'

import { newDirectory, run } from '../node/project.ts'
import { bundle, type Certificate, newServer, type Server } from '../node/workerd.ts'
import { CHROMIUM, launchChromium } from './chromium.ts'
import { programOf } from './programs.ts'

const WORKER = fileURLToPath(new URL('../support/bound-worker.ts', import.meta.url))
const CLASSES = ['SessionObject', 'UserObject'] as const
/** Keys of software in place of the device's, and no limit of signatures. */
const FEATURES =
  '--enable-features=DeviceBoundSessions:RefreshQuota/false,EnableBoundSessionCredentialsSoftwareKeysForManualTesting'

/** Why the tests are skipped; `false` if they can run. */
export const SKIP: string | false =
  (CHROMIUM === undefined && 'there is no Chromium on this machine') ||
  (programOf(['openssl']) === undefined &&
    'there is no openssl on this machine to make certificates')

/** What Chromium tells of its device-bound sessions (DevTools: domain Network). */
type Kind = 'creation' | 'refresh' | 'termination'
interface Told {
  readonly succeeded: boolean
  readonly sessionId?: string
  readonly [details: `${string}EventDetails`]: unknown
}

interface Logged {
  readonly line: string
  readonly site: string | null
  readonly skipped: string | null
  readonly alg: string | null
}

/** The Worker of the tests in workerd, over TLS, and a Chromium that binds sessions. */
export class BoundWorld {
  readonly server: Server
  readonly canBind: boolean
  readonly #browser: Browser
  readonly #args: readonly string[]
  readonly #others: BrowserContext[] = []

  private constructor(server: Server, browser: Browser, args: readonly string[]) {
    this.server = server
    this.canBind = args.includes(FEATURES)
    this.#browser = browser
    this.#args = args
  }

  static async start({ canBind = true } = {}): Promise<BoundWorld> {
    const directory = await newDirectory()
    const certificate = await newCertificate(directory)
    await bundle(WORKER, directory, CLASSES)
    const server = await newServer(directory, CLASSES, {}, [], certificate)
    await server.start()
    const { publicKey } = new X509Certificate(certificate.certificate)
    const key = publicKey.export({ type: 'spki', format: 'der' })
    // A certificate that is ignored in another way is not valid enough for Chromium to bind a session.
    const valid = createHash('sha256').update(key).digest('base64')
    const args = [
      `--ignore-certificate-errors-spki-list=${valid}`,
      '--host-resolver-rules=MAP *.test 127.0.0.1',
      ...(canBind ? [FEATURES] : []),
    ]
    return new BoundWorld(server, await launchChromium({ args }), args)
  }

  async stop(): Promise<void> {
    await Promise.all([this.#browser, ...this.#others].map((browser) => browser.close()))
    await this.server.kill()
  }

  /** Returns the address of a path, such as `app.test/account`. */
  at(path: string): string {
    return `https://${path.replace('/', `:${this.server.securePort}/`)}`
  }

  /** Returns somebody with cookies of their own. */
  async newProfile(): Promise<Profile> {
    return Profile.open(this, await this.#browser.newContext())
  }

  /** Starts another Chromium, with what it has kept in this directory. */
  async newBrowser(directory: string): Promise<Profile> {
    const context = await chromium.launchPersistentContext(directory, {
      ...(CHROMIUM !== undefined && { executablePath: CHROMIUM }),
      args: ['--no-sandbox', ...this.#args],
    })
    // A test that fails leaves it open.
    this.#others.push(context)
    return Profile.open(this, context)
  }

  /** Begins a test: with the right time, a store that works, and no requests yet. */
  async reset(): Promise<void> {
    await fetch(`${this.server.origin}/reset`)
  }

  /** Moves the Worker's clock by so many seconds, and says what does not work. */
  async set(seconds: number, fault: '' | 'broken' | 'limited' = ''): Promise<void> {
    await fetch(`${this.server.origin}/set?seconds=${seconds}&${fault}`)
  }

  /** Returns the requests since the last call, in the order of their responses. */
  async log(): Promise<Logged[]> {
    const response = await fetch(`${this.server.origin}/log`)
    return ((await response.json()) as { log: Logged[] }).log
  }

  /** The same, as `GET /api 200 bound`: the last word is there if the cookie of the device came. */
  async lines(): Promise<string[]> {
    return (await this.log()).map(({ line }) => line)
  }
}

/** A browser's profile, with a page. */
export class Profile {
  readonly context: BrowserContext
  readonly page: Page
  readonly #world: BoundWorld
  readonly #told: Told[] = []
  #relist: () => Promise<string[]> = async () => []

  private constructor(world: BoundWorld, context: BrowserContext, page: Page) {
    this.#world = world
    this.context = context
    this.page = page
  }

  static async open(world: BoundWorld, context: BrowserContext): Promise<Profile> {
    context.setDefaultTimeout(20_000)
    const profile = new Profile(world, context, await context.newPage())
    await profile.#listen()
    return profile
  }

  /** Goes to the address of a path, such as `app.test/account`, and returns the text of the page. */
  async goto(path: string): Promise<string> {
    await this.page.goto(this.#world.at(path))
    return this.page.innerText('body')
  }

  /** Signs in by a page, and resolves when the session is bound. The requests so far are forgotten. */
  async signIn(user: string, host = 'app.test'): Promise<void> {
    const count = this.count('creation')
    await this.goto(`${host}/sign-in?user=${user}`)
    await this.until('creation', count + 1)
    await this.#world.log()
  }

  /** Has the page fetch, and returns the status and the text. */
  async fetch(
    path: string,
    init: { readonly method?: string; readonly body?: string } = {},
  ): Promise<string> {
    return this.page.evaluate(
      async ([to, options]) => {
        const response = await fetch(to, options)
        return `${response.status} ${await response.text()}`
      },
      [path, init] as const,
    )
  }

  /** Deletes the cookie of the device, as its end does. */
  async expire(): Promise<void> {
    await this.context.clearCookies({ name: '__Host-session-bound' })
  }

  count(kind: Kind, succeeded = true): number {
    const isOne = (each: Told): boolean =>
      each.succeeded === succeeded && `${kind}EventDetails` in each
    return this.#told.filter(isOne).length
  }

  /** Resolves when Chromium has told of so many creations, refreshes or terminations that have succeeded, or failed. */
  async until(kind: Kind, count = 1, succeeded = true): Promise<void> {
    const deadline = Date.now() + 20_000
    while (this.count(kind, succeeded) < count) {
      if (Date.now() > deadline) throw new Error(`${kind}: ${JSON.stringify(this.#told)}`)
      // oxlint-disable-next-line no-await-in-loop
      await new Promise((resolve) => setTimeout(resolve, 10))
    }
  }

  /** Returns the identifiers of the sessions that Chromium has. */
  async sessions(): Promise<string[]> {
    return this.#relist()
  }

  async #listen(): Promise<void> {
    // Playwright's types do not know these yet.
    const devtools = (await this.context.newCDPSession(this.page)) as unknown as {
      send(method: string, params?: object): Promise<void>
      on(event: string, listener: (params: never) => void): void
      once(event: string, listener: (params: never) => void): void
    }
    devtools.on('Network.deviceBoundSessionEventOccurred', (event: Told) => this.#told.push(event))
    this.#relist = async () => {
      await devtools.send('Network.enableDeviceBoundSessions', { enable: false })
      const listed = new Promise<string[]>((resolve) => {
        devtools.once(
          'Network.deviceBoundSessionsAdded',
          ({ sessions }: { sessions: { key: { id: string } }[] }) =>
            resolve(sessions.map(({ key }) => key.id)),
        )
      })
      await devtools.send('Network.enableDeviceBoundSessions', { enable: true })
      return listed
    }
    await devtools.send('Network.enable')
    // Without the feature, Chromium tells nothing.
    if (this.#world.canBind) await this.#relist()
  }
}

async function newCertificate(directory: string): Promise<Certificate> {
  const key256 = ['-newkey', 'ec', '-pkeyopt', 'ec_paramgen_curve:prime256v1', '-nodes']
  const files = ['-keyout', 'key.pem', '-out', 'certificate.pem']
  const subject = ['-subj', '/CN=app.test', '-days', '2']
  await run(directory, 'openssl', 'req', '-x509', ...key256, ...files, ...subject)
  const [key = '', certificate = ''] = await Promise.all(
    ['key.pem', 'certificate.pem'].map((name) => readFile(join(directory, name), 'utf8')),
  )
  return { key, certificate }
}
