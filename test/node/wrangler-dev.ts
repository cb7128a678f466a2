import { type ChildProcess, spawn } from 'node:child_process'
import { writeFile } from 'node:fs/promises'
import { delimiter, join } from 'node:path'
import { setTimeout as wait } from 'node:timers/promises'

import { atEnd, BINARIES, newDirectory, newPort, plainEnvironment, ROOT } from './project.ts'
import { COMPATIBILITY_DATE } from './workerd.ts'

const START_MS = 120_000

/** `wrangler dev` of a Worker, as somebody types it. */
export class WranglerDev {
  readonly port: number
  readonly #process: ChildProcess

  constructor(port: number, process: ChildProcess) {
    this.port = port
    this.#process = process
  }

  /** Kills it and what it has started. */
  kill(): void {
    const { pid, exitCode } = this.#process
    if (pid !== undefined && exitCode === null) process.kill(-pid, 'SIGKILL')
  }
}

/** Starts it with these objects and options, and resolves when it is ready. */
export async function startWranglerDev(
  main: string,
  objects: Readonly<Record<string, string>>,
  options: readonly string[],
): Promise<WranglerDev> {
  const [directory, port] = await Promise.all([newDirectory(), newPort()])
  const bindings = Object.entries(objects).map(([name, className]) => ({
    name,
    class_name: className,
  }))
  const configuration = {
    name: 'dev',
    main: join(ROOT, main),
    compatibility_date: COMPATIBILITY_DATE,
    route: 'app.example/*',
    vars: { SESSION_SECRET: 'only-for-tests-only-for-tests-only-for-tests' },
    durable_objects: { bindings },
    migrations: [{ tag: 'v1', new_sqlite_classes: Object.values(objects) }],
  }
  await writeFile(join(directory, 'wrangler.json'), JSON.stringify(configuration))
  const env = plainEnvironment()
  const ports = ['--port', String(port), '--inspector-port', '0']
  const wrangler = spawn('wrangler', ['dev', ...ports, ...options], {
    cwd: directory,
    env: { ...env, PATH: `${BINARIES}${delimiter}${env['PATH'] ?? ''}` },
    stdio: ['ignore', 'pipe', 'pipe'],
    // A process group of its own, so that its children end with it.
    detached: true,
  })
  const dev = new WranglerDev(port, wrangler)
  atEnd(() => dev.kill())
  let output = ''
  for (const stream of [wrangler.stdout, wrangler.stderr]) {
    stream.on('data', (bytes: Buffer) => {
      output += bytes.toString()
    })
  }
  const deadline = Date.now() + START_MS
  while (!output.includes('Ready on')) {
    if (wrangler.exitCode !== null || Date.now() > deadline) throw new Error(output)
    // oxlint-disable-next-line no-await-in-loop
    await wait(50)
  }
  return dev
}
