import { existsSync } from 'node:fs'
import { dirname, extname, relative, resolve, sep } from 'node:path'

import { type Table, valueAt } from './addition.ts'
import { CliError } from './cli-error.ts'
import { variablesWithSecret } from './dev-vars.ts'
import { withExports } from './entry-module.ts'
import type { FileChange } from './file-change.ts'
import { gitIgnored } from './git-ignore.ts'
import { exportLine, type ObjectClass } from './object-class.ts'
import { type Required, requiredAdditions } from './required-additions.ts'
import { newSecret, SECRET_NAME } from './secret.ts'
import { readTextFile } from './text-file.ts'
import type { Wishes } from './wishes.ts'
import { editedText, readWranglerConfig } from './wrangler-config.ts'

export interface InitWishes extends Wishes {
  /** The configuration's path, where it was named. */
  readonly config: string | undefined
  /** Whether the entry module is left alone. */
  readonly leavesModule: boolean
}

/** Everything that `init` is going to do, worked out before anything is written. */
export interface InitPlan {
  /** Where the configuration is. */
  readonly directory: string
  readonly changes: readonly FileChange[]
  readonly notices: readonly string[]
  readonly required: Required
  /** Whether the entry module is TypeScript. */
  readonly isTyped: boolean
}

/** Reads what is there and works out what it lacks. Throws `CliError` where something is in the way. */
export async function initPlan(directory: string, wishes: InitWishes): Promise<InitPlan> {
  const config = await readWranglerConfig(directory, wishes.config)
  const required = requiredAdditions(config.table, wishes)
  const home = dirname(config.file.path)
  const label = (path: string): string => relative(directory, path).replaceAll(sep, '/')
  const planned: FileChange[] = [
    {
      path: config.file.path,
      label: label(config.file.path),
      file: config.file,
      text: editedText(config, required.additions),
      isSecret: false,
    },
  ]
  const notices = [...required.notices]
  if (wishes.leavesModule) {
    const lines = required.classes.map(exportLine).join('\n  ')
    if (lines !== '') notices.push(`Export this from the Worker yourself:\n  ${lines}`)
  } else {
    planned.push(...(await moduleChanges(config.table, home, label, { wishes, required })))
  }
  const variables = await variablesChanges(home, label, wishes.environments)
  return {
    directory: home,
    changes: [...planned, ...variables.changes].filter(({ file, text }) => file?.text !== text),
    notices: [...notices, ...variables.notices],
    required,
    isTyped: /\.[cm]?tsx?$/.test(String(config.table['main'])),
  }
}

type Label = (path: string) => string

async function moduleChanges(
  table: Table,
  home: string,
  label: Label,
  { wishes, required }: { wishes: Wishes; required: Required },
): Promise<FileChange[]> {
  const { classes } = required
  if (classes.length === 0) return []
  const scopes = [[], ...wishes.environments.map((name) => ['env', name])]
  const mains = scopes.map((scope) => valueAt(table, [...scope, 'main']))
  const paths = new Set(mains.filter((main) => typeof main === 'string'))
  if (paths.size === 0) {
    throw new CliError(
      `The configuration has no entry module: main is missing. Add one, such as main = "src/index.ts".`,
    )
  }
  return Promise.all(
    [...paths].map(async (main) => {
      const path = resolve(home, main)
      const file = await readModule(path, label(path), classes)
      const text = await withExports(file, label(path), classes)
      return { path, label: label(path), file, text, isSecret: false }
    }),
  )
}

const MODULES = new Set(['.ts', '.mts', '.tsx', '.js', '.mjs', '.jsx'])
/** Where builds put what they make. */
const BUILT = /(^|\/)(\.[\w-]+|dist|build|out|node_modules)\//

async function readModule(
  path: string,
  label: string,
  classes: readonly ObjectClass[],
): Promise<NonNullable<Awaited<ReturnType<typeof readTextFile>>>> {
  const lines = classes.map(exportLine).join('\n')
  const byHand = `Add this to the module that it is made of, and run this again with --no-export:\n\n${lines}`
  if (BUILT.test(label)) throw new CliError(`main is ${label}, which a build makes. ${byHand}`)
  const file = existsSync(path) ? await readTextFile(path) : undefined
  if (file === undefined) {
    throw new CliError(
      `main is ${label}, but there is no such file. If a build makes it: ${byHand}`,
    )
  }
  if (MODULES.has(extname(path))) return file
  throw new CliError(`main is ${label}, which is neither JavaScript nor TypeScript.`)
}

async function variablesChanges(
  home: string,
  label: Label,
  environments: readonly string[],
): Promise<{ changes: FileChange[]; notices: string[] }> {
  const secret = { name: SECRET_NAME, newValue: newSecret }
  const changes: FileChange[] = []
  const notices: string[] = []
  for (const { path, file, text, isWeak } of await variablesWithSecret(
    home,
    secret,
    environments,
  )) {
    changes.push({ path, label: label(path), file, text, isSecret: true })
    if (isWeak) {
      notices.push(
        `${SECRET_NAME} in ${label(path)} is shorter than 32 bytes and will be refused. Make another: npx edge-session secret`,
      )
    }
    // Each may change the one .gitignore.
    // oxlint-disable-next-line no-await-in-loop
    const ignored = await gitIgnored(path)
    if (ignored.standing === 'tracked') {
      notices.push(
        `Git keeps ${label(path)}, with its secrets. Take it out: git rm --cached ${label(path)}`,
      )
    }
    if (ignored.standing === 'open' && !changes.some((each) => each.path === ignored.path)) {
      changes.push({ ...ignored, label: label(ignored.path), isSecret: false })
    }
  }
  return { changes, notices }
}
