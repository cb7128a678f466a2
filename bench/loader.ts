import { fork } from 'node:child_process'
import { fileURLToPath } from 'node:url'

import type { Job, Load } from './load.ts'
import type { Served } from './server.ts'

const CONNECTIONS_TO_CREATE = 8
const PATIENCE_MS = 300_000

/** The process that sends the requests. */
export class Loader {
  readonly #process = fork(fileURLToPath(new URL('load.ts', import.meta.url)))

  run(job: Job): Promise<Load> {
    const { promise, resolve } = Promise.withResolvers<Load>()
    this.#process.once('message', resolve)
    this.#process.send(job)
    return promise
  }

  /** As many sessions as asked for, as Cookie headers. */
  async newPool(
    { port, contender: { newCookie } }: Served,
    path: string,
    sessions: number,
  ): Promise<readonly string[]> {
    if (newCookie !== undefined) {
      const cookies: string[] = []
      const make = async (): Promise<void> => {
        // oxlint-disable-next-line no-await-in-loop
        while (cookies.length < sessions) cookies.push(await newCookie(port))
      }
      await Promise.all(Array.from({ length: CONNECTIONS_TO_CREATE }, make))
      return cookies
    }
    const connections = Math.min(CONNECTIONS_TO_CREATE, sessions)
    const job = { port, path, cookies: [], connections, milliseconds: PATIENCE_MS }
    const { cookies, failed } = await this.run({ ...job, requests: sessions })
    if (failed > 0) throw new Error(`${failed} of ${sessions} sessions could not be made.`)
    return cookies.slice(0, sessions)
  }

  end(): void {
    this.#process.kill()
  }
}
