import { type ChildProcess, spawn } from 'node:child_process'
import { once } from 'node:events'
import { mkdir, rename, writeFile } from 'node:fs/promises'
import { createRequire } from 'node:module'
import { basename, join } from 'node:path'
import { setTimeout as wait } from 'node:timers/promises'

import { atEnd, newPort, run } from './project.ts'

const START_MS = 120_000
export const COMPATIBILITY_DATE = '2026-11-01'

/** The program itself: `node_modules/.bin/workerd` may be a script around it, and killing that would kill nothing. */
const WORKERD: string = (() => {
  const wrangler = createRequire(import.meta.resolve('wrangler/package.json'))
  const { default: path } = wrangler('workerd') as { default: string }
  return path
})()

const BINDINGS = { SessionObject: 'SESSIONS', UserObject: 'USERS', ItemObject: 'ITEMS' } as const
type ClassName = keyof typeof BINDINGS

/** Bundles a Worker as a deployment would; these are the classes of objects that it exports. `newServer` finds it there. */
export async function bundle(
  main: string,
  directory: string,
  classes: readonly ClassName[] = ['SessionObject'],
): Promise<void> {
  const configuration = join(directory, 'wrangler.json')
  await writeFile(
    configuration,
    JSON.stringify({
      name: 'bundle',
      main,
      compatibility_date: COMPATIBILITY_DATE,
      durable_objects: {
        bindings: classes.map((name) => ({ name: BINDINGS[name], class_name: name })),
      },
      migrations: [{ tag: 'v1', new_sqlite_classes: classes }],
    }),
  )
  const options = ['--dry-run', '--config', configuration, '--outdir', 'bundle']
  await run(directory, 'wrangler', 'deploy', ...options)
  await rename(
    join(directory, 'bundle', `${basename(main, '.ts')}.js`),
    join(directory, 'worker.js'),
  )
}

/** The key and the certificate of a server that answers over TLS too, as PEM. */
export interface Certificate {
  readonly key: string
  readonly certificate: string
}

/** A bundle on a port of its own in workerd, with its Durable Objects on the disk. */
export class Server {
  readonly origin: string
  /** The port for TLS; `undefined` without a certificate. */
  readonly securePort: number | undefined
  readonly #configuration: string
  readonly #port: number
  #process: ChildProcess | undefined

  constructor(configuration: string, port: number, securePort: number | undefined) {
    this.origin = `http://127.0.0.1:${port}`
    this.securePort = securePort
    this.#configuration = configuration
    this.#port = port
    atEnd(() => this.#process?.kill('SIGKILL'))
  }

  /** Starts it, with V8's inspector and workerd's debug port at these addresses, if there are any. */
  async start({
    inspector,
    debugPort,
  }: { readonly inspector?: string; readonly debugPort?: string } = {}): Promise<void> {
    const options = ['--socket-addr', `http=127.0.0.1:${this.#port}`]
    if (this.securePort !== undefined)
      options.push('--socket-addr', `https=127.0.0.1:${this.securePort}`)
    if (inspector !== undefined) options.push(`--inspector-addr=${inspector}`)
    if (debugPort !== undefined) options.push(`--debug-port=${debugPort}`, '--experimental')
    const workerd = spawn(WORKERD, ['serve', this.#configuration, ...options], { stdio: 'inherit' })
    this.#process = workerd
    const deadline = Date.now() + START_MS
    while (!(await this.#answers())) {
      if (workerd.exitCode !== null) throw new Error(`workerd ended with ${workerd.exitCode}.`)
      if (Date.now() > deadline) throw new Error('workerd does not answer.')
      await wait(10)
    }
  }

  /** Kills it where it stands: nothing of it runs any more when this resolves. */
  async kill(): Promise<void> {
    const workerd = this.#process
    this.#process = undefined
    if (workerd === undefined || workerd.exitCode !== null || workerd.signalCode !== null) return
    workerd.kill('SIGKILL')
    await once(workerd, 'exit')
  }

  async #answers(): Promise<boolean> {
    const response = await fetch(this.origin).catch(() => undefined)
    await response?.body?.cancel()
    return response !== undefined
  }
}

/**
 * A server of the directory's bundle, not started yet, with these texts in its `env`, and other bindings as workerd's
 * configuration writes them. It keeps its objects there too, and reaches this machine's ports. With a certificate it has a
 * second port, for TLS.
 */
export async function newServer(
  directory: string,
  classes: readonly ClassName[] = ['SessionObject'],
  texts: Readonly<Record<string, string>> = {},
  bindings: readonly string[] = [],
  certificate?: Certificate,
): Promise<Server> {
  const objects = join(directory, 'objects')
  const configuration = join(directory, 'workerd.capnp')
  const lines = (line: (name: ClassName) => string): string =>
    classes.map((name) => `    ${line(name)},`).join('\n')
  await mkdir(objects, { recursive: true })
  await writeFile(
    configuration,
    `using Workerd = import "/workerd/workerd.capnp";
const config :Workerd.Config = (
  services = [
    (name = "main", worker = .main),
    (name = "objects", disk = (path = ${JSON.stringify(objects)}, writable = true)),
    (name = "internet", network = (allow = ["public", "local", "private"])),
  ],
  sockets = [
    (name = "http", http = (), service = "main"),
${certificate === undefined ? '' : secureSocket(certificate)}
  ],
);
const main :Workerd.Worker = (
  modules = [(name = "worker.js", esModule = embed "worker.js")],
  compatibilityDate = "${COMPATIBILITY_DATE}",
  durableObjectNamespaces = [
${lines((name) => `(className = "${name}", uniqueKey = "${name}", enableSql = true)`)}
  ],
  durableObjectStorage = (localDisk = "objects"),
  bindings = [
${lines((name) => `(name = "${BINDINGS[name]}", durableObjectNamespace = "${name}")`)}
${Object.entries({ SESSION_SECRET: 'only-for-tests-only-for-tests-only-for-tests', ...texts })
  .map(([name, text]) => `    (name = ${JSON.stringify(name)}, text = ${JSON.stringify(text)}),`)
  .join('\n')}
${bindings.map((binding) => `    ${binding},`).join('\n')}
  ],
);
`,
  )
  const securePort = certificate && (await newPort())
  return new Server(configuration, await newPort(), securePort)
}

function secureSocket({ key, certificate }: Certificate): string {
  const keys = `privateKey = ${JSON.stringify(key)}, certificateChain = ${JSON.stringify(certificate)}`
  return `    (name = "https", https = (tlsOptions = (keypair = (${keys}))), service = "main"),`
}
