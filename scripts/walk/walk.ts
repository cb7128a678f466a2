import { readFile, writeFile } from 'node:fs/promises'
import { builtinModules } from 'node:module'
import { join } from 'node:path'

import { build } from 'esbuild'

import { ROOT } from '../../test/node/project.ts'
import { checkDocument, type Fault, type Texts } from '../code-blocks.ts'
import { type Command, commandsOf } from './commands.ts'
import { NOT_RUN } from './not-run.ts'
import {
  copyExample,
  inShell,
  linkPackages,
  newProject,
  npmStart,
  type Outcome,
  secretOf,
  type Served,
  wranglerDev,
} from './world.ts'

/** A walk through one document. */
export interface Walked {
  readonly path: string
  readonly ran: readonly string[]
  /** The commands that were not run, with the reason. */
  readonly notRun: readonly (readonly [command: string, reason: string])[]
  /** The files of the code blocks that were bundled with the package, or served. */
  readonly files: readonly string[]
  readonly faults: readonly Fault[]
}

const SOURCE = /(?<!\.d)\.[cm]?[jt]sx?$/

/** Follows one document as a new user, in a project of its own. The README begins with its install command. */
export class Walk {
  readonly #path: string
  readonly #tarball: string
  readonly #ran: string[] = []
  readonly #notRun: (readonly [string, string])[] = []
  readonly #files: string[] = []
  readonly #faults: Fault[] = []
  #demo: Served | undefined

  constructor(path: string, tarball: string) {
    this.#path = path
    this.#tarball = tarball
  }

  async all(document: string, examples: Texts): Promise<Walked> {
    const directory = await newProject()
    if (this.#path !== 'README.md') await this.#install(directory)
    try {
      for (const command of commandsOf(this.#path, document)) {
        // A later command needs what an earlier one has made.
        // oxlint-disable-next-line no-await-in-loop
        await this.#command(directory, command)
      }
      const { shown } = checkDocument(this.#path, document, examples)
      if (this.#path === 'README.md') await this.#serve(directory, shown, examples)
      await this.#bundle(directory, shown)
    } finally {
      await this.#demo?.stop()
    }
    const [path, ran, notRun] = [this.#path, this.#ran, this.#notRun]
    return { path, ran, notRun, files: this.#files, faults: this.#faults }
  }

  async #install(directory: string): Promise<Outcome> {
    const outcome = await inShell(directory, `npm install ${JSON.stringify(this.#tarball)}`)
    // An install removes what it does not know.
    await linkPackages(directory, ['wrangler'])
    return outcome
  }

  async #command(directory: string, command: Command): Promise<void> {
    const { text } = command
    const [, reason] = NOT_RUN.find(([pattern]) => pattern.test(text)) ?? []
    if (reason !== undefined) this.#notRun.push([text, reason])
    const runnable = reason === undefined ? text : pipedInto(text)
    if (runnable === undefined) return
    this.#ran.push(runnable)
    const { code, output } = await this.#outcome(directory, runnable)
    if (code !== 0) this.#fault(command.place, `${text} ended with ${code}:\n${output}`)
    for (const line of missingIn(output, command.output))
      this.#fault(command.place, `${text} does not say ${JSON.stringify(line)}:\n${output}`)
  }

  /** Runs a command, with the package's tarball in place of the registry, and an answer in place of a terminal. */
  async #outcome(directory: string, text: string): Promise<Outcome> {
    if (/^npm install edge-session\b/.test(text)) return this.#install(directory)
    if (/^npx edge-session init\b/.test(text)) return inShell(directory, `${text} --yes`)
    if (text === 'npm start') return { code: 0, output: (await this.#started()).origin }
    if (/^npx wrangler dev\b/.test(text)) return this.#dev(directory)
    if (text.startsWith('pbpaste |')) return this.#pasted(directory, text)
    if (!text.includes('localhost:8787')) return inShell(directory, text)
    const { origin } = await this.#started()
    return inShell(directory, text.replaceAll('http://localhost:8787', origin))
  }

  async #started(): Promise<Served> {
    return (this.#demo ??= await npmStart())
  }

  async #dev(directory: string): Promise<Outcome> {
    const served = await wranglerDev(directory)
    await served.stop()
    return { code: 0, output: '' }
  }

  /** The clipboard has a cookie of the playground. */
  async #pasted(directory: string, text: string): Promise<Outcome> {
    const { origin, directory: home } = await this.#started()
    const response = await fetch(`${origin}/increment/visits`, { method: 'POST' })
    await response.body?.cancel()
    const [COOKIE = ''] = response.headers.getSetCookie()
    const command = text.replace('pbpaste', String.raw`printf '%s\n' "$COOKIE"`)
    return inShell(directory, command, { COOKIE, SESSION_SECRET: await secretOf(home) })
  }

  /** Makes the first example that is a whole Worker the entry module, as its reader does, and sends it requests. */
  async #serve(directory: string, shown: readonly string[], examples: Texts): Promise<void> {
    const hero = shown.find((path) => examples.get(path)?.includes('\nexport default ') === true)
    if (hero === undefined) return this.#fault(this.#path, 'No block shows a whole Worker.')
    await writeFile(join(directory, 'src/index.ts'), await readFile(join(ROOT, hero)))
    this.#files.push(hero)
    try {
      // wrangler dev waits for a change if the Worker can't be bundled.
      await bundled(directory, 'src/index.ts')
      const served = await wranglerDev(directory)
      for (const method of ['GET', 'POST', 'GET']) {
        // oxlint-disable-next-line no-await-in-loop
        const response = await fetch(served.origin, { method })
        // oxlint-disable-next-line no-await-in-loop
        const body = await response.text()
        const what = `${method} / is answered by ${response.status}:\n${body}`
        if (response.status >= 500) this.#fault(hero, what)
      }
      await served.stop()
    } catch (error) {
      this.#fault(hero, `It does not run with what the commands have installed. ${String(error)}`)
    }
  }

  /** Bundles the blocks' files with the package as it is published, and this repository's other packages. */
  async #bundle(directory: string, shown: readonly string[]): Promise<void> {
    const paths = [...new Set(shown.map((reference) => reference.split('#')[0] ?? ''))]
    const sources = paths.filter((path) => SOURCE.test(path))
    const { devDependencies } = JSON.parse(await readFile(join(ROOT, 'package.json'), 'utf8')) as {
      devDependencies: Record<string, string>
    }
    await linkPackages(directory, Object.keys(devDependencies))
    for (const path of sources) {
      // One after the other: a folder may be copied twice.
      // oxlint-disable-next-line no-await-in-loop
      await copyExample(directory, path)
      // oxlint-disable-next-line no-await-in-loop
      await bundled(directory, path).catch((error: unknown) =>
        this.#fault(path, `It can't be bundled. ${String(error)}`),
      )
      this.#files.push(path)
    }
  }

  #fault(place: string, what: string): void {
    this.#faults.push({ place, what })
  }
}

/** Tools that a Worker does not have inside. */
const EXTERNAL = [
  ...builtinModules,
  'cloudflare:*',
  'node:*',
  'bun',
  'vitest',
  '@cloudflare/*',
  'miniflare',
  'esbuild',
  'wrangler',
]

/** Bundles a file of a project with the packages that the project has. Throws if anything is missing. */
async function bundled(directory: string, path: string): Promise<void> {
  await build({
    absWorkingDir: directory,
    entryPoints: [path],
    bundle: true,
    write: false,
    format: 'esm',
    conditions: ['workerd', 'browser'],
    external: EXTERNAL,
    logLevel: 'silent',
  })
}

/** Returns the command whose output goes into wrangler; `undefined` if there is none. */
function pipedInto(text: string): string | undefined {
  return /^(.+) \| npx wrangler\b/.exec(text)?.[1]
}

/** The lines that a document shows and that the output must have: added lines, statuses, and labels of a list. */
function missingIn(output: string, shown: string): string[] {
  const lines = output.split('\n').map((line) => line.trim())
  const wanted = shown.split('\n').flatMap((line) => {
    if (/^\+(?!\+|SESSION_SECRET)./.test(line) || line.startsWith('HTTP/')) return [line.trim()]
    return /^[a-z][a-z ]*? {2,}/.exec(line)?.slice(0, 1) ?? []
  })
  return wanted.filter((line) => !lines.some((other) => `${other} `.startsWith(line)))
}
