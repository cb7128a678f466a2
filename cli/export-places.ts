import { existsSync } from 'node:fs'
import { extname, resolve } from 'node:path'

import { type Table, valueAt } from './addition.ts'
import { CliError } from './cli-error.ts'
import { entryAdvice } from './entry-advice.ts'
import { withExports } from './entry-module.ts'
import type { FileChange } from './file-change.ts'
import type { FrameworkName } from './framework.ts'
import { exportLine, type ObjectClass } from './object-class.ts'
import type { Required } from './required-additions.ts'
import { readTextFile, type TextFile } from './text-file.ts'
import type { Wishes } from './wishes.ts'

/** Returns a path for display. */
export type Label = (path: string) => string

interface Place {
  /** The configuration's directory. */
  readonly home: string
  readonly label: Label
  readonly framework: FrameworkName | undefined
}

interface Exports {
  readonly changes: readonly FileChange[]
  /** Advice for an entry module that is missing, or made by a build. */
  readonly notices: readonly string[]
}

/** Returns where to export the classes. Throws `CliError` if that is unknown. */
export async function exportPlaces(
  table: Table,
  place: Place,
  { wishes, required: { classes } }: { wishes: Wishes; required: Required },
): Promise<Exports> {
  if (classes.length === 0) return { changes: [], notices: [] }
  const scopes = [[], ...wishes.environments.map((name) => ['env', name])]
  const mains = scopes.map((scope) => valueAt(table, [...scope, 'main']))
  const paths = [...new Set(mains.filter((main) => typeof main === 'string'))]
  if (paths.length === 0) return { changes: [], notices: [withoutMain(place, classes)] }
  const found = await Promise.all(paths.map((main) => exportsOf(main, place, classes)))
  return {
    changes: found.flatMap(({ changes }) => changes),
    notices: found.flatMap(({ notices }) => notices),
  }
}

function withoutMain({ framework }: Place, classes: readonly ObjectClass[]): string {
  const advice = entryAdvice(framework, classes)
  if (advice !== undefined) return `The configuration has no entry module. ${advice}`
  throw new CliError(
    `The configuration has no entry module: main is missing. Add one, such as main = "src/index.ts".`,
  )
}

const MODULES = new Set(['.ts', '.mts', '.tsx', '.js', '.mjs', '.jsx'])
/** The directories of build output. */
const BUILT = /(^|\/)(\.[\w-]+|dist|build|out|node_modules)\//

/** True if this path, relative to the project, is in a directory of build output. */
export function isBuilt(path: string): boolean {
  return BUILT.test(path)
}

async function exportsOf(
  main: string,
  { home, label: labelOf, framework }: Place,
  classes: readonly ObjectClass[],
): Promise<Exports> {
  const path = resolve(home, main)
  const label = labelOf(path)
  const advice = entryAdvice(framework, classes)
  if (isBuilt(label)) {
    return {
      changes: [],
      notices: [`main is ${label}, which is build output. ${advice ?? byHand(classes)}`],
    }
  }
  const file = existsSync(path) ? await readTextFile(path) : undefined
  if (file !== undefined) return { changes: [await changeOf(file, label, classes)], notices: [] }
  if (advice !== undefined)
    return { changes: [], notices: [`main is ${main}, which does not exist. ${advice}`] }
  throw new CliError(
    `main is ${label}, which does not exist. If it is build output: ${byHand(classes)}`,
  )
}

function byHand(classes: readonly ObjectClass[]): string {
  return `Add this to its source module, and run the command again with --no-export:\n\n${classes.map(exportLine).join('\n')}`
}

async function changeOf(
  file: TextFile,
  label: string,
  classes: readonly ObjectClass[],
): Promise<FileChange> {
  if (!MODULES.has(extname(file.path))) {
    throw new CliError(`main is ${label}, which is neither JavaScript nor TypeScript.`)
  }
  const text = await withExports(file, label, classes)
  return { path: file.path, label, file, text, isSecret: false }
}
