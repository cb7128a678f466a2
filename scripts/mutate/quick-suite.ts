import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { pathToFileURL } from 'node:url'
import { Worker } from 'node:worker_threads'

import { build, type Plugin } from 'esbuild'

import type { Failure } from './stand-in/vitest.ts'

/** A mutation that loops would go on for ever: workerd decides. */
const TIME_LIMIT_MS = 60_000

/**
 * The suite in plain Node, with Vitest, objects and KV in small: what a mutation costs is a bundle and the tests up to
 * the first that notices it. Tests that need more than that, or long, are left out; workerd decides
 * what is not noticed.
 */
export class QuickSuite {
  /** The copy with a mutation, and the project without one. */
  readonly #mutated: string
  readonly #clean: string
  readonly #leftOut = new Map<string, readonly Failure[]>()

  constructor(mutated: string, clean: string) {
    this.#mutated = mutated
    this.#clean = clean
  }

  /** Runs these test files up to the first failure that is the mutation's. Returns what failed: none if all passed. */
  async run(tests: readonly string[]): Promise<string[]> {
    for (const file of tests) {
      // oxlint-disable-next-line no-await-in-loop -- up to the first that notices it
      const failure = await this.#failureOf(file)
      if (failure !== undefined) return [`${failure.id} ${failure.name}: ${failure.error}`]
    }
    return []
  }

  async #failureOf(file: string): Promise<Failure | undefined> {
    if (!this.#leftOut.has(file)) await this.#learn(file)
    return (await this.#run(this.#mutated, file, false))[0]
  }

  /** Learns which tests of a file to leave out: those that fail without a mutation, among all or among the rest. */
  async #learn(file: string): Promise<void> {
    let found = await this.#run(this.#clean, file, true)
    const leftOut = [...found]
    this.#leftOut.set(file, leftOut)
    while (found.length > 0) {
      // oxlint-disable-next-line no-await-in-loop -- a test may pass only behind another one
      found = await this.#run(this.#clean, file, false)
      leftOut.push(...found)
    }
  }

  async #run(root: string, file: string, isWhole: boolean): Promise<readonly Failure[]> {
    const directory = mkdtempSync(join(root, '.quick-'))
    try {
      const path = join(directory, 'bundle.mjs')
      writeFileSync(path, await this.#bundle(root, file, isWhole))
      return await ended(path)
    } finally {
      rmSync(directory, { recursive: true, force: true })
    }
  }

  async #bundle(root: string, file: string, isWhole: boolean): Promise<Uint8Array> {
    const leftOut = (this.#leftOut.get(file) ?? []).map(({ id }) => id)
    const contents = `
      import { parentPort } from 'node:worker_threads'
      import './scripts/mutate/stand-in/globals.ts'
      import { begin, runAll } from 'vitest'
      process.on('unhandledRejection', () => {})
      begin(${JSON.stringify(file)})
      await import(${JSON.stringify(`./${file}`)})
      const leftOut = new Set(${JSON.stringify(leftOut)})
      const failures = await runAll(leftOut, ${isWhole}, (id) => parentPort.postMessage(id))
      parentPort.postMessage(failures)
    `
    const { outputFiles } = await build({
      stdin: { contents, resolveDir: root, loader: 'ts' },
      absWorkingDir: root,
      bundle: true,
      write: false,
      format: 'esm',
      platform: 'node',
      target: 'node24',
      packages: 'external',
      // The package says that nothing has side effects; what sets a global has.
      ignoreAnnotations: true,
      logLevel: 'silent',
      plugins: [standIn(root)],
      alias: { 'edge-session': join(root, 'src') },
    })
    const [bundle] = outputFiles
    if (bundle === undefined) throw new Error('There is no bundle.')
    return bundle.contents
  }
}

/** Has a bundle use what stands in for Vitest and for the modules of workerd. */
function standIn(root: string): Plugin {
  const pathOf = (name: string): { readonly path: string } => ({
    path: join(root, `scripts/mutate/stand-in/${name}.ts`),
  })
  return {
    name: 'stand-in',
    setup(plugin) {
      plugin.onResolve({ filter: /^vitest$/ }, () => pathOf('vitest'))
      plugin.onResolve({ filter: /^cloudflare:worker-of-the-tests$/ }, () => ({
        path: join(root, 'test/worker.ts'),
      }))
      plugin.onResolve({ filter: /^cloudflare:/ }, ({ path }) => pathOf(path.replace(/^.*:/, '')))
    },
  }
}

/** Runs a bundle in a thread of its own. One that cannot be loaded has failed. */
async function ended(path: string): Promise<readonly Failure[]> {
  const worker = new Worker(pathToFileURL(path), { stdout: true, stderr: true })
  let id = 'no test'
  try {
    return await new Promise<readonly Failure[]>((resolve) => {
      const fail = (error: unknown): void => {
        resolve([{ id, name: '', error: String(error).slice(0, 300) }])
      }
      // Says nothing of the mutation: the machine may be busy.
      const timer = setTimeout(() => resolve([]), TIME_LIMIT_MS)
      worker.on('message', (message: string | readonly Failure[]) => {
        if (typeof message === 'string') {
          id = message
          timer.refresh()
        } else {
          clearTimeout(timer)
          resolve(message)
        }
      })
      worker.on('error', (error) => {
        clearTimeout(timer)
        fail(error)
      })
      worker.on('exit', () => fail('it exited'))
    })
  } finally {
    await worker.terminate()
  }
}
