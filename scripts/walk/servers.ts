import type { ChildProcess } from 'node:child_process'
import { get } from 'node:https'
import { setTimeout as wait } from 'node:timers/promises'

import { Demo, DEMO_FILES } from '../../test/node/demo.ts'
import { atEnd, copyProject, newDirectory, newPort } from '../../test/node/project.ts'
import { said, started } from './world.ts'

const START_MS = 120_000
const POLL_MS = 20

/** Something that answers at an address, until it is stopped. */
export interface Served {
  readonly origin: string
  readonly directory: string
  stop(): Promise<unknown>
}

/** A command that serves a project, and where. */
interface Serving {
  readonly command: string
  readonly origin: string
  readonly env?: Readonly<Record<string, string>>
}

/** Runs a project's Worker by `wrangler dev` with a document's options. Throws with what it has said if it does not answer. */
export async function wranglerDev(directory: string, options = ''): Promise<Served> {
  const port = await newPort()
  const scheme = options.includes('--local-protocol https') ? 'https' : 'http'
  const quiet = `--port ${port} --inspector-port 0 --show-interactive-dev-session=false`
  return serve(directory, {
    command: `wrangler dev ${options} ${quiet}`,
    origin: `${scheme}://localhost:${port}`,
    env: { CLOUDFLARE_CF_FETCH_ENABLED: 'false' },
  })
}

/** Runs a module that serves, in the runtime that the command names. */
export async function inRuntime(directory: string, command: string): Promise<Served> {
  const port = await newPort()
  return serve(directory, {
    // Bun and the document's server for Node read PORT.
    command: command.replace('deno serve', `deno serve --host=127.0.0.1 --port=${port}`),
    origin: `http://127.0.0.1:${port}`,
    env: { PORT: String(port) },
  })
}

/** Runs a command until it is stopped. Throws with what it has said if nothing answers. */
export async function serve(
  directory: string,
  { command, origin, env = {} }: Serving,
): Promise<Served> {
  const child = started(directory, command, env)
  const output = Promise.all([said(child.stdout), said(child.stderr)])
  const kill = (): void => killGroup(child)
  atEnd(kill)
  const deadline = Date.now() + START_MS
  // One try after the other is what waiting is.
  // oxlint-disable-next-line no-await-in-loop
  while (!(await answers(origin))) {
    if (child.exitCode !== null || Date.now() > deadline) {
      kill()
      // oxlint-disable-next-line no-await-in-loop
      throw new Error(`${command} does not answer:\n${(await output).join('')}`)
    }
    // oxlint-disable-next-line no-await-in-loop
    await wait(POLL_MS)
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

function killGroup(child: ChildProcess): void {
  const isOver = child.exitCode !== null || child.signalCode !== null
  if (child.pid !== undefined && !isOver) process.kill(-child.pid, 'SIGTERM')
}

/** True if anything answers there, whatever its certificate is. */
async function answers(origin: string): Promise<boolean> {
  if (origin.startsWith('https:')) {
    return new Promise((resolve) => {
      const request = get(origin, { rejectUnauthorized: false }, (response) => {
        response.resume()
        resolve(true)
      })
      request.once('error', () => resolve(false))
    })
  }
  const response = await fetch(origin).catch(() => undefined)
  await response?.body?.cancel()
  return response !== undefined
}

/** Runs `npm start` in a copy of this repository, with a document's options. */
export async function npmStart(...options: readonly string[]): Promise<Served> {
  const directory = await newDirectory()
  await copyProject(directory, DEMO_FILES)
  const port = await newPort()
  const demo = new Demo(directory, port, ...options)
  const origin = `${options.includes('--https') ? 'https' : 'http'}://localhost:${port}`
  await demo.said(origin)
  return { origin, directory, stop: () => demo.stop() }
}
