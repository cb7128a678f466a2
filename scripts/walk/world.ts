import { type ChildProcess, spawn } from 'node:child_process'
import { cp, mkdir, readdir, readFile, rm, symlink, writeFile } from 'node:fs/promises'
import { delimiter, join } from 'node:path'
import { text } from 'node:stream/consumers'
import { setTimeout as wait } from 'node:timers/promises'

import { Demo, DEMO_FILES } from '../../test/node/demo.ts'
import {
  atEnd,
  copyProject,
  newDirectory,
  newPort,
  ownNodeEnvironment,
  ROOT,
} from '../../test/node/project.ts'

const BINARIES = join(ROOT, 'node_modules', '.bin')
const START_MS = 120_000
/** An empty Worker, as `npm create cloudflare` leaves one. */
const EMPTY_WORKER = {
  'package.json': '{ "name": "app", "private": true, "type": "module" }\n',
  'wrangler.toml': 'name = "app"\nmain = "src/index.ts"\ncompatibility_date = "2026-11-01"\n',
  'src/index.ts': "export default { fetch: () => new Response('hello') }\n",
}

export interface Outcome {
  readonly code: number | null
  readonly output: string
}

/** Packs the package as it would be published. Returns the path of the tarball. */
export async function packed(): Promise<string> {
  const directory = await newDirectory()
  const { code, output } = await inShell(ROOT, `npm pack --pack-destination "${directory}"`)
  const [name] = await readdir(directory)
  if (code !== 0 || name === undefined) throw new Error(`npm pack failed:\n${output}`)
  return join(directory, name)
}

/** A new project with an empty Worker. */
export async function newProject(): Promise<string> {
  const directory = await newDirectory()
  for (const [name, content] of Object.entries(EMPTY_WORKER)) {
    // oxlint-disable-next-line no-await-in-loop
    await mkdir(join(directory, name, '..'), { recursive: true })
    // oxlint-disable-next-line no-await-in-loop
    await writeFile(join(directory, name), content)
  }
  return directory
}

/** Links packages of this repository into a project, as if they had been installed. */
export async function linkPackages(directory: string, names: readonly string[]): Promise<void> {
  for (const name of names) {
    const path = join(directory, 'node_modules', name)
    // oxlint-disable-next-line no-await-in-loop
    await mkdir(join(path, '..'), { recursive: true })
    // oxlint-disable-next-line no-await-in-loop
    await rm(path, { recursive: true, force: true })
    // oxlint-disable-next-line no-await-in-loop
    await symlink(join(ROOT, 'node_modules', name), path, 'junction')
  }
}

/** Runs a command to its end, without a terminal. */
export async function inShell(
  directory: string,
  command: string,
  env: Readonly<Record<string, string>> = {},
): Promise<Outcome> {
  const child = started(directory, command, env)
  const ended = new Promise<number | null>((resolve, reject) => {
    child.once('error', reject).once('close', resolve)
  })
  const [code, stdout, stderr] = await Promise.all([ended, said(child.stdout), said(child.stderr)])
  return { code, output: stdout + stderr }
}

function said(stream: ChildProcess['stdout']): Promise<string> {
  return stream === null ? Promise.resolve('') : text(stream)
}

function started(
  directory: string,
  command: string,
  env: Readonly<Record<string, string>>,
): ChildProcess {
  const plain = ownNodeEnvironment()
  // wrangler is there for all; anything else of ours is behind.
  const path = [plain['PATH'], BINARIES].join(delimiter)
  return spawn('sh', ['-c', command], {
    cwd: directory,
    env: {
      ...plain,
      PATH: path,
      npm_config_offline: 'true',
      npm_config_audit: 'false',
      npm_config_fund: 'false',
      ...env,
    },
    stdio: ['ignore', 'pipe', 'pipe'],
    detached: true,
  })
}

/** Something that answers at an address, until it is stopped. */
export interface Served {
  readonly origin: string
  readonly directory: string
  stop(): Promise<unknown>
}

/** Runs a project's Worker by `wrangler dev`. Throws with what it has said if it does not answer. */
export async function wranglerDev(directory: string): Promise<Served> {
  const port = await newPort()
  const origin = `http://localhost:${port}`
  const options = `--port ${port} --inspector-port 0 --show-interactive-dev-session=false`
  const child = started(directory, `wrangler dev ${options}`, {
    CLOUDFLARE_CF_FETCH_ENABLED: 'false',
  })
  const output = Promise.all([said(child.stdout), said(child.stderr)])
  const kill = (): void => {
    const isOver = child.exitCode !== null || child.signalCode !== null
    if (child.pid !== undefined && !isOver) process.kill(-child.pid, 'SIGTERM')
  }
  atEnd(kill)
  const deadline = Date.now() + START_MS
  for (;;) {
    // oxlint-disable-next-line no-await-in-loop
    const response = await fetch(origin).catch(() => undefined)
    // oxlint-disable-next-line no-await-in-loop
    await response?.body?.cancel()
    if (response !== undefined) break
    if (child.exitCode !== null || Date.now() > deadline) {
      kill()
      // oxlint-disable-next-line no-await-in-loop
      throw new Error(`wrangler dev does not answer:\n${(await output).join('')}`)
    }
    // oxlint-disable-next-line no-await-in-loop
    await wait(100)
  }
  return {
    origin,
    directory,
    stop: async () => {
      kill()
      await output
    },
  }
}

/** Runs `npm start` in a copy of this repository. */
export async function npmStart(): Promise<Served> {
  const directory = await newDirectory()
  await copyProject(directory, DEMO_FILES)
  const port = await newPort()
  const demo = new Demo(directory, port)
  const origin = `http://localhost:${port}`
  await demo.said(origin)
  return { origin, directory, stop: () => demo.stop() }
}

/** Copies a file of the examples, and the files beside it, to the same place in a project. */
export async function copyExample(directory: string, path: string): Promise<void> {
  const folder = path.slice(0, path.lastIndexOf('/'))
  await cp(join(ROOT, folder), join(directory, folder), { recursive: true })
}

/** The secret that `init` has written. */
export async function secretOf(directory: string): Promise<string> {
  const variables = await readFile(join(directory, '.dev.vars'), 'utf8').catch(() => '')
  return /^SESSION_SECRET=(.+)$/m.exec(variables)?.[1] ?? ''
}
