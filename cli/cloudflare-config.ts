import { existsSync } from 'node:fs'
import { basename, join } from 'node:path'

import type { Table } from './addition.ts'
import { CliError } from './cli-error.ts'
import { OBJECT_CLASSES, type ObjectClass } from './object-class.ts'
import type { Required } from './required-additions.ts'
import { SECRET_NAME } from './secret.ts'
import { readTextFile, type TextFile } from './text-file.ts'
import type { Wishes } from './wishes.ts'

const NAMES = ['cloudflare.config.ts', 'cloudflare.config.mts', 'cloudflare.config.js'] as const

/**
 * Returns the configuration of Cloudflare's `cf` in a directory; `undefined` without one. It is a program, which nothing
 * but a person can safely add to (developers.cloudflare.com/cf/projects/cloudflare-config/).
 */
export async function cloudflareConfigIn(directory: string): Promise<TextFile | undefined> {
  const name = NAMES.find((each) => existsSync(join(directory, each)))
  return name === undefined ? undefined : readTextFile(join(directory, name))
}

/** Returns the entry module and the notices for it, in the form of a wrangler configuration that is complete. */
export function requiredByHand(
  file: TextFile,
  wishes: Wishes,
): { table: Table; required: Required } {
  if (wishes.environments.length > 0) {
    throw new CliError(`--env: ${basename(file.path)} has no named environments.`, { exitCode: 2 })
  }
  const lines = linesToPaste(file, wishes)
  const paste = `${basename(file.path)} is a program, so add this to the Worker in it yourself:\n\n${lines.join('\n')}\n`
  const main = entrypointOf(file)
  return {
    table: main === undefined ? {} : { main },
    required: {
      additions: [],
      notices: lines.length === 0 ? [] : [paste],
      binding:
        wishes.binding ??
        (wishes.store === 'kv' ? 'SESSION_KV' : OBJECT_CLASSES.SessionObject.binding),
      classes: bindingsFor(wishes).map(({ className }) => className),
      isShared: false,
    },
  }
}

/** Returns the path of the entry module, where it is written as a text. */
function entrypointOf({ text }: TextFile): string | undefined {
  const found =
    /from\s*(["'])([^"'\n]+)\1\s*with\s*\{\s*type\s*:\s*["']cf-worker["']/.exec(text) ??
    /\bentrypoint\s*:\s*(["'])([^"'\n]+)\1/.exec(text)
  return found?.[2]
}

interface Binding {
  readonly name: string
  readonly className: ObjectClass
}

/** Returns what is bound where `init` is asked for this. */
function bindingsFor({ store, users, binding }: Wishes): Binding[] {
  const { SessionObject, UserObject } = OBJECT_CLASSES
  return [
    ...(store === 'kv'
      ? []
      : [{ name: binding ?? SessionObject.binding, className: 'SessionObject' as const }]),
    ...(users ? [{ name: UserObject.binding, className: 'UserObject' as const }] : []),
  ]
}

/** Returns the lines that the configuration lacks, as they stand in the Worker's definition; none if all is there. */
function linesToPaste(file: TextFile, wishes: Wishes): string[] {
  const worker = /\bname\s*:\s*["']([^"'\n]+)["']/.exec(file.text)?.[1] ?? "the Worker's name"
  const isThere = (name: string): boolean => new RegExp(`\\b${name}\\b`).test(file.text)
  const bindings = bindingsFor(wishes)
  const exported = bindings.filter(({ className }) => !isThere(className))
  const bound = bindings.filter(({ name }) => !isThere(name))
  const kv = wishes.binding ?? 'SESSION_KV'
  const env = [
    ...bound.map(
      ({ name, className }) =>
        `    ${name}: { type: 'durable-object', worker: '${worker}', exportName: '${className}' },`,
    ),
    ...(wishes.store === 'kv' && !isThere(kv) ? [`    ${kv}: { type: 'kv' },`] : []),
    ...(isThere(SECRET_NAME) ? [] : [`    ${SECRET_NAME}: { type: 'secret' },`]),
  ]
  return [
    ...block(
      'exports',
      exported.map(
        ({ className }) => `    ${className}: { type: 'durable-object', storage: 'sqlite' },`,
      ),
    ),
    ...block('env', env),
  ]
}

function block(name: string, lines: readonly string[]): string[] {
  return lines.length === 0 ? [] : [`  ${name}: {`, ...lines, '  },']
}
