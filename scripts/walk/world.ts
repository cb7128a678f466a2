import { type ChildProcess, spawn } from 'node:child_process'
import { cp, mkdir, readdir, readFile, rm, symlink, writeFile } from 'node:fs/promises'
import { delimiter, join } from 'node:path'
import { text } from 'node:stream/consumers'

import { newDirectory, ownNodeEnvironment, ROOT } from '../../test/node/project.ts'

const BINARIES = join(ROOT, 'node_modules', '.bin')
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

const installed = new Map<string, Promise<string>>()

/**
 * Installs the tarball into a project that has no packages yet. What npm makes of it is the same each time, so that it runs
 * once.
 */
export async function install(directory: string, tarball: string): Promise<void> {
  const first = installed.get(tarball) ?? installedProject(tarball)
  installed.set(tarball, first)
  await cp(await first, directory, { recursive: true })
}

async function installedProject(tarball: string): Promise<string> {
  const directory = await newProject()
  const { code, output } = await inShell(directory, `npm install ${JSON.stringify(tarball)}`)
  if (code !== 0) throw new Error(`npm install failed:\n${output}`)
  return directory
}

/** Returns the packages that this repository has for its own use. */
export async function ownPackages(): Promise<string[]> {
  const { devDependencies } = JSON.parse(await readFile(join(ROOT, 'package.json'), 'utf8')) as {
    devDependencies: Record<string, string>
  }
  return Object.keys(devDependencies)
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

/** Returns all that a stream says, when it has ended. */
export function said(stream: ChildProcess['stdout']): Promise<string> {
  return stream === null ? Promise.resolve('') : text(stream)
}

/** Starts a command in a process group of its own, in the environment of a user who has this repository's Node and wrangler. */
export function started(
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

/** Copies a file of the examples, and the files beside it, to the same place in a project. Returns its folder there. */
export async function copyExample(directory: string, path: string): Promise<string> {
  const folder = path.slice(0, path.lastIndexOf('/'))
  const copy = join(directory, folder)
  await cp(join(ROOT, folder), copy, { recursive: true })
  return copy
}

/** The secret that `init` has written. */
export async function secretOf(directory: string): Promise<string> {
  const variables = await readFile(join(directory, '.dev.vars'), 'utf8').catch(() => '')
  return /^SESSION_SECRET=(.+)$/m.exec(variables)?.[1] ?? ''
}
