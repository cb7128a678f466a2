import { type ChildProcess, spawn } from 'node:child_process'
import { mkdir, mkdtemp, readFile, rm, writeFile } from 'node:fs/promises'
import { createRequire } from 'node:module'
import { join } from 'node:path'
import { setTimeout as wait } from 'node:timers/promises'
import { fileURLToPath } from 'node:url'

import { newPort } from '../test/node/project.ts'
import type { Contender } from './contenders.ts'

const WORKERS = fileURLToPath(new URL('workers', import.meta.url))
const wrangler = createRequire(import.meta.resolve('wrangler/package.json'))
const { default: WORKERD } = wrangler('workerd') as { default: string }
const esbuild = wrangler('esbuild') as { build(options: object): Promise<unknown> }
const START_MS = 10_000
/** Every class of objects that a bundle may export, and its binding. */
const CLASSES = { FloorObject: 'FLOORS', SessionObject: 'SESSIONS', RwsdkObject: 'RWSDK' } as const

/** A contender's bundle in workerd itself, which has the least overhead. */
export interface Served {
  readonly contender: Contender
  readonly port: number
  readonly kill: () => Promise<void>
  /** CPU seconds that its process has used so far. */
  readonly cpuSeconds: () => Promise<number>
}

/**
 * Bundles and serves a contender, with its objects in a directory of its own under this one; by option wrapped by
 * workers/looping.mjs or counting.mjs, which cost each request a little.
 */
export async function serve(
  contender: Contender,
  under: string,
  wrapper?: 'looping' | 'counting',
): Promise<Served> {
  const directory = await mkdtemp(join(under, 'edge-session-bench-'))
  const code = await bundle(contender.source, join(directory, 'worker.js'), wrapper)
  await bundle('kv-service.mjs', join(directory, 'kv.js'))
  const objects = join(directory, 'objects')
  await mkdir(objects)
  const classes = Object.entries(CLASSES).filter(
    ([name]) => code.includes(`as ${name}`) || code.includes(`  ${name}`),
  )
  const configuration = join(directory, 'workerd.capnp')
  await writeFile(configuration, capnp(classes, objects))
  const port = await newPort()
  const child = spawn(
    WORKERD,
    ['serve', configuration, '--socket-addr', `http=127.0.0.1:${port}`],
    {
      stdio: 'inherit',
    },
  )
  process.once('exit', () => child.kill('SIGKILL'))
  await answered(port, child)
  return {
    contender,
    port,
    kill: async () => {
      child.kill('SIGKILL')
      await rm(directory, { recursive: true, force: true, maxRetries: 5 })
    },
    cpuSeconds: async () => {
      const stat = await readFile(`/proc/${child.pid}/stat`, 'utf8')
      const fields = stat.slice(stat.lastIndexOf(')') + 2).split(' ')
      // utime and stime, in hundredths of a second (proc(5)).
      return (Number(fields[11]) + Number(fields[12])) / 100
    },
  }
}

async function bundle(source: string, outfile: string, wrapper?: string): Promise<string> {
  const wrapped = `export * from './${source}'
import worker from './${source}'
import { wrapped } from './${wrapper}.mjs'
export default wrapped(worker)`
  await esbuild.build({
    ...(wrapper !== undefined
      ? { stdin: { contents: wrapped, resolveDir: WORKERS } }
      : { entryPoints: [join(WORKERS, source)] }),
    outfile,
    bundle: true,
    format: 'esm',
    platform: 'neutral',
    mainFields: ['module', 'main'],
    conditions: ['workerd', 'worker', 'browser'],
    external: ['cloudflare:*', 'node:*'],
    define: { 'import.meta.env': '{}', 'process.env.NODE_ENV': '"production"' },
    logLevel: 'error',
  })
  return readFile(outfile, 'utf8')
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
