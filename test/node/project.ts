import { execFile } from 'node:child_process'
import { rmSync } from 'node:fs'
import { cp, mkdtemp, realpath, symlink } from 'node:fs/promises'
import { createServer } from 'node:net'
import { tmpdir } from 'node:os'
import { delimiter, dirname, join, sep } from 'node:path'
import { fileURLToPath } from 'node:url'
import { promisify } from 'node:util'

/** This repository. */
export const ROOT = fileURLToPath(new URL('../..', import.meta.url))
/** The repository's own programs, Node among them. */
export const BINARIES = join(ROOT, 'node_modules', '.bin')

// Without these a stopped test would leave its children and directories behind.
for (const signal of ['SIGINT', 'SIGTERM', 'SIGHUP'] as const) {
  process.once(signal, () => process.exit(1))
}

/** Runs when this process ends, however it does; what was asked for last comes first. */
export function atEnd(cleanUp: () => void): void {
  process.prependOnceListener('exit', cleanUp)
}

/** A directory that is gone when this process ends. */
export async function newDirectory(): Promise<string> {
  const path = await realpath(await mkdtemp(join(tmpdir(), 'edge-session-')))
  atEnd(() => rmSync(path, { recursive: true, force: true, maxRetries: 5 }))
  return path
}

/** Copies files and folders of the repository, without its dependencies, which are linked. */
export async function copyProject(destination: string, names: readonly string[]): Promise<void> {
  const copies = names.map((name) =>
    cp(join(ROOT, name), join(destination, name), { recursive: true }),
  )
  const link = symlink(join(ROOT, 'node_modules'), join(destination, 'node_modules'), 'junction')
  await Promise.all([...copies, link])
}

/** A port of this machine that nobody listens on. */
export function newPort(): Promise<number> {
  return new Promise((resolve, reject) => {
    const server = createServer().once('error', reject)
    server.listen(0, '127.0.0.1', () => {
      const address = server.address()
      if (typeof address !== 'object' || address === null) return
      server.close(() => resolve(address.port))
    })
  })
}

/** The environment as it is outside of any npm script, and quiet; `npm test` is one itself. */
export function plainEnvironment(): NodeJS.ProcessEnv {
  const kept = Object.entries(process.env).filter(
    ([name]) => !/^(npm_|NODE_TEST_CONTEXT|INIT_CWD)/i.test(name),
  )
  const isOurs = (folder: string): boolean => folder.includes(`node_modules${sep}.bin`)
  const path = (process.env['PATH'] ?? '').split(delimiter).filter((folder) => !isOurs(folder))
  return {
    ...Object.fromEntries(kept),
    PATH: path.join(delimiter),
    npm_config_update_notifier: 'false',
    WRANGLER_SEND_METRICS: 'false',
    WRANGLER_HIDE_BANNER: 'true',
  }
}

/** The same, with the Node that runs this before the machine's: wrangler and build tools need a newer one than Node 20. */
export function ownNodeEnvironment(): NodeJS.ProcessEnv {
  const plain = plainEnvironment()
  return { ...plain, PATH: [dirname(process.execPath), plain['PATH'] ?? ''].join(delimiter) }
}

/** Runs a program to its end, in a directory, with the repository's programs first. Rejects when it fails, saying what it said. */
export async function run(directory: string, program: string, ...args: string[]): Promise<string> {
  const env = plainEnvironment()
  const { stdout, stderr } = await promisify(execFile)(program, args, {
    cwd: directory,
    env: { ...env, PATH: `${BINARIES}${delimiter}${env['PATH'] ?? ''}` },
  }).catch((error: unknown) => {
    if (!(error instanceof Error && 'stdout' in error && 'stderr' in error)) throw error
    throw new Error(`${error.message}\n${String(error.stdout)}\n${String(error.stderr)}`, {
      cause: error,
    })
  })
  return stdout + stderr
}
