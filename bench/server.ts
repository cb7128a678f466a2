import { type ChildProcess, spawn } from 'node:child_process'
import { once } from 'node:events'
import { rmSync } from 'node:fs'
import { mkdir, mkdtemp, readFile, writeFile } from 'node:fs/promises'
import { createRequire } from 'node:module'
import { join } from 'node:path'
import { setTimeout as wait } from 'node:timers/promises'

import { newPort } from '../test/node/project.ts'
import { bundleOf, type Wrapper } from './bundle.ts'
import type { Contender } from './contenders.ts'

const wrangler = createRequire(import.meta.resolve('wrangler/package.json'))
const { default: WORKERD } = wrangler('workerd') as { default: string }
const START_MS = 10_000
/** Every class of objects that a bundle may export, and its binding. */
const CLASSES = {
  FloorObject: 'FLOORS',
  SessionObject: 'SESSIONS',
  UserObject: 'USERS',
  RwsdkObject: 'RWSDK',
} as const

/** A contender's bundle in workerd itself, which has the least overhead. */
export interface Served {
  readonly contender: Contender
  readonly port: number
  readonly kill: () => Promise<void>
  /** CPU seconds that its process has used so far. */
  readonly cpuSeconds: () => Promise<number>
}

export interface ServeOptions {
  /** Serves it wrapped by workers/looping.mjs or counting.mjs. */
  readonly wrapper?: Wrapper | undefined
  /** Where V8's inspector listens, such as `127.0.0.1:9229`. */
  readonly inspector?: string
}

/** Serves a contender in a new process, with its objects in a new directory under this one. */
export async function serve(
  contender: Contender,
  under: string,
  { wrapper, inspector }: ServeOptions = {},
): Promise<Served> {
  const directory = await mkdtemp(join(under, 'edge-session-bench-'))
  const code = contender.code ?? (await bundleOf(contender.source, wrapper))
  const objects = join(directory, 'objects')
  await mkdir(objects)
  const classes = Object.entries(CLASSES).filter(
    ([name]) => code.includes(`as ${name}`) || code.includes(`  ${name}`),
  )
  const configuration = join(directory, 'workerd.capnp')
  await writeFile(join(directory, 'worker.js'), code)
  await writeFile(join(directory, 'kv.js'), await bundleOf('kv-service.mjs'))
  await writeFile(configuration, capnp(classes, objects))
  const port = await newPort()
  const options = [`--socket-addr=http=127.0.0.1:${port}`]
  if (inspector !== undefined) options.push(`--inspector-addr=${inspector}`)
  const child = spawn(WORKERD, ['serve', configuration, ...options], { stdio: 'inherit' })
  const remove = (): void => {
    rmSync(directory, { recursive: true, force: true, maxRetries: 5 })
  }
  const end = (): void => {
    child.kill('SIGKILL')
    remove()
  }
  // Without it a stopped run would leave its processes and directories behind.
  process.once('exit', end)
  await answered(port, child)
  return {
    contender,
    port,
    kill: async () => {
      process.off('exit', end)
      child.kill('SIGKILL')
      if (child.exitCode === null && child.signalCode === null) await once(child, 'exit')
      remove()
    },
    cpuSeconds: async () => {
      const stat = await readFile(`/proc/${child.pid}/stat`, 'utf8')
      const fields = stat.slice(stat.lastIndexOf(')') + 2).split(' ')
      // utime and stime, in hundredths of a second (proc(5)).
      return (Number(fields[11]) + Number(fields[12])) / 100
    },
  }
}

function capnp(
  classes: readonly (readonly [name: string, binding: string])[],
  objects: string,
): string {
  const namespaces = classes.map(
    ([name]) => `(className = "${name}", uniqueKey = "${name}", enableSql = true)`,
  )
  const bindings = classes.map(
    ([name, binding]) => `(name = "${binding}", durableObjectNamespace = "${name}"),`,
  )
  return `using Workerd = import "/workerd/workerd.capnp";
const config :Workerd.Config = (
  services = [
    (name = "main", worker = .main),
    (name = "objects", disk = (path = ${JSON.stringify(objects)}, writable = true)),
    (name = "kv", worker = (modules = [(name = "kv.js", esModule = embed "kv.js")], compatibilityDate = "2026-11-01")),
  ],
  sockets = [(name = "http", http = (forwardedProtoHeader = "X-Forwarded-Proto"), service = "main")],
);
const main :Workerd.Worker = (
  modules = [(name = "worker.js", esModule = embed "worker.js")],
  compatibilityDate = "2026-11-01",
  durableObjectNamespaces = [${namespaces.join(', ')}],
  durableObjectStorage = (localDisk = "objects"),
  bindings = [
    ${bindings.join('\n    ')}
    (name = "KV", kvNamespace = "kv"),
    (name = "SESSION_SECRET", text = "only-for-benchmarks-only-for-benchmarks"),
    (name = "AUTH_SECRET_KEY", text = "only-for-benchmarks-only-for-benchmarks"),
  ],
);
`
}

/** Resolves when it answers. */
async function answered(
  port: number,
  child: ChildProcess,
  deadline = Date.now() + START_MS,
): Promise<void> {
  const response = await fetch(`http://127.0.0.1:${port}/`).catch(() => undefined)
  await response?.text()
  if (response !== undefined) return
  if (child.exitCode !== null || Date.now() > deadline) throw new Error('workerd does not answer.')
  await wait(20)
  await answered(port, child, deadline)
}
