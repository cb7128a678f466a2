import { existsSync } from 'node:fs'
import { dirname, join, relative, sep } from 'node:path'

import type { Table } from './addition.ts'
import { cloudflareConfigIn, requiredByHand } from './cloudflare-config.ts'
import { variablesWithSecret } from './dev-vars.ts'
import { exportPlaces, isBuilt, type Label } from './export-places.ts'
import type { FileChange } from './file-change.ts'
import { type FrameworkName, frameworkOf } from './framework.ts'
import { gitIgnored } from './git-ignore.ts'
import { exportLine } from './object-class.ts'
import { type Required, requiredAdditions } from './required-additions.ts'
import { newSecret, SECRET_NAME } from './secret.ts'
import type { TextFile } from './text-file.ts'
import type { Wishes } from './wishes.ts'
import { editedText, hasWranglerConfig, readWranglerConfig } from './wrangler-config.ts'

export interface InitWishes extends Wishes {
  /** The path of the configuration, if it was given. */
  readonly config: string | undefined
  /** True to leave the entry module unchanged. */
  readonly leavesModule: boolean
}

/** The changes that `init` will make, determined before anything is written. */
export interface InitPlan {
  /** The configuration's directory. */
  readonly directory: string
  readonly changes: readonly FileChange[]
  readonly notices: readonly string[]
  readonly required: Required
  readonly framework: FrameworkName | undefined
  /** True if the application is TypeScript. */
  readonly isTyped: boolean
}

/** Reads the project and determines what is missing. Throws `CliError` if something prevents it. */
export async function initPlan(directory: string, wishes: InitWishes): Promise<InitPlan> {
  const config = await configured(directory, wishes)
  const { home, table, required } = config
  const framework = await frameworkOf(home)
  const label: Label = (path) => relative(directory, path).replaceAll(sep, '/')
  const planned: FileChange[] = [
    {
      path: config.file.path,
      label: label(config.file.path),
      file: config.file,
      text: config.text,
      isSecret: false,
    },
  ]
  const notices = [...required.notices]
  if (wishes.leavesModule) {
    const lines = required.classes.map(exportLine).join('\n  ')
    if (lines !== '') notices.push(`Export this from the Worker yourself:\n  ${lines}`)
  } else {
    const places = await exportPlaces(table, { home, label, framework }, { wishes, required })
    planned.push(...places.changes)
    notices.push(...places.notices)
  }
  // A new secret would not open the sessions of the Worker that has the objects.
  const variables = required.isShared
    ? { changes: [], notices: [] }
    : await variablesChanges(home, label, wishes.environments)
  return {
    directory: home,
    changes: [...planned, ...variables.changes].filter(({ file, text }) => file?.text !== text),
    notices: [...notices, ...variables.notices],
    required,
    framework,
    isTyped: isTypeScript(home, String(table['main'])),
  }
}

/** True if the entry module is TypeScript. One that a framework makes tells nothing: then a `tsconfig.json` counts. */
function isTypeScript(home: string, main: string): boolean {
  const isOwn = existsSync(join(home, main)) && !isBuilt(main)
  return isOwn ? /\.[cm]?tsx?$/.test(main) : existsSync(join(home, 'tsconfig.json'))
}

interface Configured {
  readonly home: string
  readonly table: Table
  readonly required: Required
  readonly file: TextFile
  /** The file's new text. */
  readonly text: string
}

async function configured(directory: string, wishes: InitWishes): Promise<Configured> {
  const isNamed = wishes.config !== undefined || hasWranglerConfig(directory)
  const program = isNamed ? undefined : await cloudflareConfigIn(directory)
  if (program !== undefined) {
    return {
      home: directory,
      ...requiredByHand(program, wishes),
      file: program,
      text: program.text,
    }
  }
  const config = await readWranglerConfig(directory, wishes.config)
  const { table, file } = config
  const required = requiredAdditions(table, wishes)
  return {
    home: dirname(file.path),
    table,
    required,
    file,
    text: editedText(config, required.additions),
  }
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
        `${SECRET_NAME} in ${label(path)} is shorter than 32 bytes and will be refused. Make a new one: npx edge-session secret`,
      )
    }
    // Each may change the same .gitignore.
    // oxlint-disable-next-line no-await-in-loop
    const ignored = await gitIgnored(path)
    if (ignored.standing === 'tracked') {
      notices.push(
        `Git tracks ${label(path)}, which has secrets. Remove it: git rm --cached ${label(path)}`,
      )
    }
    if (ignored.standing === 'open' && !changes.some((each) => each.path === ignored.path)) {
      changes.push({ ...ignored, label: label(ignored.path), isSecret: false })
    }
  }
  return { changes, notices }
}
