// Every application in examples/frameworks/ is a package of its own: it is copied out of the tree, gets this package as it
// is published, is built and type-checked by its framework's own tools, and runs in workerd.
import { type ChildProcess, spawn } from 'node:child_process'
import { once } from 'node:events'
import { cp, glob, mkdir, readdir, readFile, rm, writeFile } from 'node:fs/promises'
import { dirname, join } from 'node:path'
import { setTimeout as wait } from 'node:timers/promises'

import { RECIPES } from '../../cli/recipes.ts'
import { atEnd, newDirectory, newPort, ownNodeEnvironment, ROOT, run } from '../node/project.ts'

const APPS = join(ROOT, 'examples/frameworks')
const START_MS = 180_000
/** Longer than a development server needs on a busy machine. */
const FIRST_ANSWER_MS = 20_000
/** Errors of npm that say that the registry cannot be reached. */
const OFFLINE =
  /\b(ENOTFOUND|EAI_AGAIN|ECONNREFUSED|ECONNRESET|ENETUNREACH|ETIMEDOUT|ERR_SOCKET_TIMEOUT|E429|E50\d)\b/
/** Not part of an application: made by its tools. */
const MADE = /[/\\](node_modules|dist|\.wrangler|\.svelte-kit|\.astro|\.react-router|build)$/

/** An application of `examples/frameworks/`. */
export interface App {
  readonly name: string
  /** The name and version of the framework, for the table. */
  readonly title: string
  /** True if the application has a script `dev` for a development server in Node. */
  readonly hasDevelopmentServer: boolean
}

export interface RunningApp {
  readonly origin: string
  /** Returns everything that the server has printed. */
  readonly output: () => string
  readonly stop: () => Promise<void>
}

/** Thrown if an application cannot be tried on this machine. The message says why. */
export class SkippedError extends Error {}

interface Manifest {
  readonly description: string
  readonly config: { readonly framework: string; readonly dev?: boolean }
  readonly dependencies?: Readonly<Record<string, string>>
  readonly devDependencies?: Readonly<Record<string, string>>
}

/**
 * Returns the applications, in order of their names. Their `package.json` names the framework in `description`, and its
 * package in `config.framework`.
 */
export async function findApps(): Promise<App[]> {
  const present = (await readdir(APPS, { withFileTypes: true }))
    .filter((entry) => entry.isDirectory())
    .map((entry) => entry.name)
  return Promise.all(
    present.toSorted().map(async (name) => {
      const text = await readFile(join(APPS, name, 'package.json'), 'utf8')
      const { description, config, dependencies, devDependencies } = JSON.parse(text) as Manifest
      const version = { ...dependencies, ...devDependencies }[config.framework] ?? ''
      const title = `${description} ${version}`.trim()
      return { name, title, hasDevelopmentServer: config.dev === true }
    }),
  )
}

/**
 * Copies an application, installs it with this package, type-checks and builds it. Returns its directory. Throws a
 * SkippedError if the registry cannot be reached, and another error if a step fails.
 */
export async function buildApp({ name }: App, archive: string): Promise<string> {
  const directory = join(await newDirectory(), name)
  const filter = (path: string): boolean => !MADE.test(path)
  await cp(join(APPS, name), directory, { recursive: true, filter })
  await writeSecrets(directory)
  try {
    // The tools of these frameworks need no install scripts.
    const options = ['--ignore-scripts', '--prefer-offline', '--no-audit', '--no-fund']
    await run(directory, 'npm', 'install', '--no-package-lock', ...options, archive)
  } catch (error) {
    if (!OFFLINE.test(String(error))) throw error
    throw new SkippedError('its packages could not be downloaded', { cause: error })
  }
  // Some frameworks generate types in their build.
  await runScript(directory, 'build')
  const recipe = await writeRecipe(name, directory)
  await runScript(directory, 'check')
  if (recipe !== undefined) await rm(recipe)
  return directory
}

/** Writes the module that `edge-session init` prints, to be type-checked with the application. Returns its path. */
async function writeRecipe(name: string, directory: string): Promise<string | undefined> {
  const use = Object.entries(RECIPES).find(([framework]) => framework === name)?.[1].use
  if (use === undefined) return undefined
  const path = join(directory, dirname(use.module), 'printed-by-init.ts')
  await writeFile(path, `${use.lines.join('\n')}\n`)
  return path
}

/** Runs a script of an application. Rejects with what it has printed if it fails. */
export async function runScript(directory: string, script: string): Promise<void> {
  const child = spawn('npm', ['run', script], {
    cwd: directory,
    env: ownNodeEnvironment(),
    stdio: ['ignore', 'pipe', 'pipe'],
    // SvelteKit's build leaves a runtime of Workers behind, which is found by its process group.
    detached: true,
  })
  atEnd(() => kill(child))
  let output = ''
  for (const stream of [child.stdout, child.stderr]) {
    stream.on('data', (bytes: Buffer) => {
      output += bytes.toString()
    })
  }
  const [code] = (await once(child, 'exit')) as [number | null]
  killGroup(child)
  if (code !== 0) throw new Error(`npm run ${script} failed.\n${output}`)
}

/** Kills a process that still runs, and its children. */
function kill(child: ChildProcess): void {
  if (child.exitCode === null && child.signalCode === null) killGroup(child)
}

/** Kills what is left of a process group. Its number may soon be that of another. */
function killGroup({ pid }: ChildProcess): void {
  try {
    if (pid !== undefined) process.kill(-pid, 'SIGKILL')
  } catch {
    // Nothing is left.
  }
}

/** Writes the secret beside each configuration of wrangler, before the build: some tools copy it. */
async function writeSecrets(directory: string): Promise<void> {
  const folders = new Set([directory])
  for await (const path of glob('**/wrangler*.{json,jsonc,toml}', { cwd: directory }))
    folders.add(dirname(join(directory, path)))
  const text = 'SESSION_SECRET=only-for-tests-only-for-tests-only-for-tests\n'
  await Promise.all([...folders].map((folder) => writeFile(join(folder, '.dev.vars'), text)))
}

/** How the servers are started: their options next to the port, and what they print when they are ready. */
const SERVERS = {
  serve: {
    options: ['--inspector-port', '0', '--show-interactive-dev-session=false'],
    ready: 'Ready on',
  },
  dev: { options: ['--strictPort'], ready: 'Local:' },
}

/**
 * Serves an application by its script `serve`, which is `wrangler dev` of what was built, or by `dev`, which is its
 * framework's development server in Node.
 */
export async function serveApp(
  directory: string,
  script: keyof typeof SERVERS = 'serve',
): Promise<RunningApp> {
  const server = SERVERS[script]
  const port = await newPort()
  const registry = join(dirname(directory), 'registry')
  await mkdir(registry, { recursive: true })
  const options = ['--port', String(port), ...server.options]
  const child = spawn('npm', ['run', script, '--', ...options], {
    cwd: directory,
    env: { ...ownNodeEnvironment(), CI: '1', NO_COLOR: '1', WRANGLER_REGISTRY_PATH: registry },
    stdio: ['ignore', 'pipe', 'pipe'],
    // A process group of its own, so that its children end with it.
    detached: true,
  })
  atEnd(() => kill(child))
  let output = ''
  for (const stream of [child.stdout, child.stderr]) {
    stream.on('data', (bytes: Buffer) => {
      output += bytes.toString()
    })
  }
  const origin = `http://localhost:${port}`
  const isReady = async (): Promise<boolean> =>
    // A development server that still bundles may drop its first requests.
    output.includes(server.ready) && (script === 'serve' || (await answers(origin)))
  const deadline = Date.now() + START_MS
  while (!(await isReady())) {
    if (child.exitCode !== null || Date.now() > deadline) {
      kill(child)
      throw new Error(output)
    }
    // oxlint-disable-next-line no-await-in-loop
    await wait(50)
  }
  const ended = new Promise((resolve) => child.once('exit', resolve))
  const stop = async (): Promise<void> => {
    kill(child)
    await ended
  }
  return { origin, output: () => output, stop }
}

async function answers(origin: string): Promise<boolean> {
  try {
    return (await fetch(origin, { signal: AbortSignal.timeout(FIRST_ANSWER_MS) })).ok
  } catch {
    return false
  }
}

/** Removes what `buildApp` has made: an application with its packages is hundreds of megabytes. */
export async function removeApp(directory: string): Promise<void> {
  await rm(dirname(directory), { recursive: true, force: true, maxRetries: 5 })
}
