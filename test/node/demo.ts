import assert from 'node:assert/strict'
import { type ChildProcess, spawn } from 'node:child_process'
import { once } from 'node:events'
import { setTimeout as wait } from 'node:timers/promises'

import { atEnd, plainEnvironment } from './project.ts'

const START_MS = 120_000
/** Wrangler takes some two seconds to stop its children, and more on a busy machine. */
const STOP_TRIES = 2400

/** What the demo needs of this repository, besides its dependencies. */
export const DEMO_FILES = ['demo', 'docs', 'src', 'scripts', 'wrangler.toml', 'package.json']

/** `npm start`, as somebody types it, and what it has said so far. */
export class Demo {
  readonly #process: ChildProcess
  #output = ''

  constructor(directory: string, port: number, ...options: readonly string[]) {
    // A process group of its own, by which its last descendant can be told to be gone.
    this.#process = spawn('npm', ['start', '--', ...options], {
      cwd: directory,
      env: { ...plainEnvironment(), PORT: String(port) },
      stdio: ['ignore', 'pipe', 'pipe'],
      detached: true,
    })
    atEnd(() => this.kill())
    for (const stream of [this.#process.stdout, this.#process.stderr]) {
      stream?.on('data', (bytes: Buffer) => {
        this.#output += bytes.toString()
      })
    }
  }

  get output(): string {
    return this.#output
  }

  get exitCode(): number | null {
    return this.#process.exitCode
  }

  async said(text: string): Promise<void> {
    const deadline = Date.now() + START_MS
    while (!this.#output.includes(text)) {
      const isOver = this.#process.exitCode !== null || Date.now() > deadline
      if (isOver) assert.fail(`npm start did not say ${JSON.stringify(text)}:\n${this.#output}`)
      await wait(50)
    }
  }

  async exited(): Promise<void> {
    if (this.#process.exitCode === null && this.#process.signalCode === null) {
      await once(this.#process, 'exit')
    }
  }

  /** Asks it to stop as a terminal or a supervisor does, and gives whether anything of it is left. */
  async stop(): Promise<boolean> {
    this.#process.kill('SIGTERM')
    await this.exited()
    for (let tries = 0; tries < STOP_TRIES && this.#hasProcesses(); tries += 1) await wait(50)
    return this.#hasProcesses()
  }

  kill(): void {
    if (this.#hasProcesses()) process.kill(-this.#group(), 'SIGKILL')
  }

  #hasProcesses(): boolean {
    try {
      return process.kill(-this.#group(), 0)
    } catch {
      return false
    }
  }

  #group(): number {
    assert.ok(this.#process.pid !== undefined, 'npm could not be started')
    return this.#process.pid
  }
}
