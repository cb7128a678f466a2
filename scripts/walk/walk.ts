import { readFile, writeFile } from 'node:fs/promises'
import { join } from 'node:path'

import { ROOT } from '../../test/node/project.ts'
import { checkDocument, type Fault, type Texts } from '../code-blocks.ts'
import { linksOf } from '../examples-in-use.ts'
import { bundled } from './bundled.ts'
import { type Command, commandsOf, missingIn, pipedInto } from './commands.ts'
import { followApp } from './follow-app.ts'
import { NOT_RUN } from './not-run.ts'
import { inRuntime, npmStart, type Served, wranglerDev } from './servers.ts'
import {
  copyExample,
  inShell,
  install,
  linkPackages,
  newProject,
  type Outcome,
  ownPackages,
  secretOf,
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
/** A file of an application that its framework's own tools build. */
const APP_FILE = /^examples\/frameworks\/([\w-]+)\//
/** A command that serves a module of the document in a runtime other than workerd. */
const IN_RUNTIME = /\b(?:bun|deno|node) (?:[\w=-]+ )*([\w-]+\.ts)$/

/** Follows one document as a new user, in a project of its own. The README begins with its install command. */
export class Walk {
  readonly #path: string
  readonly #tarball: string
  readonly #ran: string[] = []
  readonly #notRun: (readonly [string, string])[] = []
  readonly #files: string[] = []
  readonly #faults: Fault[] = []
  #shown: readonly string[] = []
  #linked: readonly string[] = []
  #demo: Served | undefined

  constructor(path: string, tarball: string) {
    this.#path = path
    this.#tarball = tarball
  }

  async all(document: string, examples: Texts): Promise<Walked> {
    const directory = await newProject()
    const commands = commandsOf(this.#path, document)
    this.#shown = checkDocument(this.#path, document, examples).shown
    this.#linked = linksOf(document)
    try {
      if (this.#path !== 'README.md' && commands.length + this.#shown.length > 0) {
        await install(directory, this.#tarball)
        await linkPackages(directory, ['wrangler'])
      }
      for (const command of commands) {
        // A later command needs what an earlier one has made.
        // oxlint-disable-next-line no-await-in-loop
        await this.#command(directory, command)
      }
      if (this.#path === 'README.md') await this.#serve(directory, examples)
      await this.#run(directory)
    } finally {
      await this.#demo?.stop()
    }
    const [path, ran, notRun] = [this.#path, this.#ran, this.#notRun]
    return { path, ran, notRun, files: this.#files, faults: this.#faults }
  }

  async #command(directory: string, command: Command): Promise<void> {
    const { text } = command
    const [, reason] = NOT_RUN.find(([pattern]) => pattern.test(text)) ?? []
    if (reason !== undefined) this.#notRun.push([text, reason])
    const runnable = reason === undefined ? text : pipedInto(text)
    if (runnable === undefined) return
    this.#ran.push(runnable)
    const { code, output } = await this.#outcome(directory, runnable).catch(failed)
    if (code !== 0) this.#fault(command.place, `${text} ended with ${code}:\n${output}`)
    for (const line of missingIn(output, command.output))
      this.#fault(command.place, `${text} does not say ${JSON.stringify(line)}:\n${output}`)
  }

  /** Runs a command, with the package's tarball in place of the registry, and an answer in place of a terminal. */
  async #outcome(directory: string, text: string): Promise<Outcome> {
    if (/^npm install edge-session\b/.test(text)) return this.#install(directory)
    if (text.startsWith('npm install --save-dev ')) return link(directory, text.split(' ').slice(3))
    if (/^npx edge-session init\b/.test(text)) return inShell(directory, `${text} --yes`)
    if (text === 'npm start') return { code: 0, output: (await this.#started()).origin }
    const served = await this.#served(directory, text)
    if (served !== undefined) return answered(served)
    if (text.startsWith('pbpaste |')) return this.#pasted(directory, text)
    if (!text.includes('localhost:8787')) return inShell(directory, text)
    const { origin } = await this.#started()
    return inShell(directory, text.replaceAll('http://localhost:8787', origin))
  }

  async #install(directory: string): Promise<Outcome> {
    const outcome = await inShell(directory, `npm install ${JSON.stringify(this.#tarball)}`)
    // An install removes what it does not know.
    await linkPackages(directory, ['wrangler'])
    return outcome
  }

  async #started(): Promise<Served> {
    return (this.#demo ??= await npmStart())
  }

  /** Starts a command that serves; `undefined` for any other. */
  async #served(directory: string, text: string): Promise<Served | undefined> {
    const [start, wrangler] = ['npm start -- ', 'npx wrangler dev']
    if (text.startsWith(start)) return npmStart(...text.slice(start.length).split(' '))
    if (text.startsWith(wrangler)) return wranglerDev(directory, text.slice(wrangler.length))
    const [, module] = IN_RUNTIME.exec(text) ?? []
    if (module === undefined) return undefined
    const path = [...this.#shown, ...this.#linked].find((shown) => shown.endsWith(`/${module}`))
    if (path === undefined) throw new Error(`No block shows ${module}, and no link leads to it.`)
    await linkPackages(directory, await ownPackages())
    return inRuntime(await copyExample(directory, path), text)
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
  async #serve(directory: string, examples: Texts): Promise<void> {
    const isWorker = (path: string): boolean =>
      examples.get(path)?.includes('\nexport default ') === true
    const hero = this.#shown.find(isWorker)
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

  /** Runs the blocks' files: those of an application as its framework does, bundles the others. */
  async #run(directory: string): Promise<void> {
    const paths = [...new Set(this.#shown.map((reference) => reference.split('#')[0] ?? ''))]
    const apps = Map.groupBy(paths, (path) => APP_FILE.exec(path)?.[1])
    for (const [app, files] of apps) {
      // One after the other: they build and serve.
      // oxlint-disable-next-line no-await-in-loop
      if (app !== undefined) await this.#build(app, files)
    }
    const sources = (apps.get(undefined) ?? []).filter((path) => SOURCE.test(path))
    if (sources.length > 0) await this.#bundle(directory, sources)
  }

  async #build(name: string, files: readonly string[]): Promise<void> {
    const skipped = await followApp(name, this.#tarball).catch((error: unknown) =>
      this.#fault(`examples/frameworks/${name}`, String(error)),
    )
    if (skipped === undefined) this.#files.push(...files)
    else this.#notRun.push([`examples/frameworks/${name}`, skipped])
  }

  /** Bundles files with the package as it is published, and this repository's other packages. */
  async #bundle(directory: string, sources: readonly string[]): Promise<void> {
    await linkPackages(directory, await ownPackages())
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

/** A server that has answered, and is not needed any more. */
async function answered(served: Served): Promise<Outcome> {
  await served.stop()
  return { code: 0, output: '' }
}

function failed(error: unknown): Outcome {
  return { code: null, output: String(error) }
}

/** Installs packages of this repository in place of the registry's. */
async function link(directory: string, names: readonly string[]): Promise<Outcome> {
  const own = await ownPackages()
  const missing = names.filter((name) => !own.includes(name))
  await linkPackages(directory, names)
  return missing.length === 0
    ? { code: 0, output: '' }
    : { code: 1, output: `This repository does not have ${missing.join(', ')}.` }
}
