import { existsSync } from 'node:fs'
import { basename, join } from 'node:path'

import type { Table } from './addition.ts'
import { CliError } from './cli-error.ts'
import { moduleOutline } from './module-outline.ts'
import { exportLine, OBJECT_CLASSES } from './object-class.ts'
import type { Required } from './required-additions.ts'
import { SECRET_NAME } from './secret.ts'
import { readTextFile, type TextFile } from './text-file.ts'
import { bindingName, classesFor, type Wishes } from './wishes.ts'

const NAMES = ['cloudflare.config.ts', 'cloudflare.config.mts', 'cloudflare.config.js'] as const

/**
 * Returns the configuration of Cloudflare's `cf` in a directory, or `undefined` if there is none. It is a program, so
 * only a person can safely add to it (developers.cloudflare.com/cf/projects/cloudflare-config/).
 */
export async function cloudflareConfigIn(directory: string): Promise<TextFile | undefined> {
  const name = NAMES.find((each) => existsSync(join(directory, each)))
  return name === undefined ? undefined : readTextFile(join(directory, name))
}

/**
 * Returns the entry module and the notices for it, in the same form as for a complete wrangler configuration. If the
 * text does not name the entry module, a notice says what to export there.
 */
export function requiredByHand(
  file: TextFile,
  wishes: Wishes,
): { table: Table; required: Required } {
  const label = basename(file.path)
  if (wishes.environments.length > 0) {
    throw new CliError(`--env: ${label} has no named environments.`, { exitCode: 2 })
  }
  const text = withoutComments(file)
  const main = entrypointIn(text)
  const classes = classesFor(wishes)
  const lines = linesToPaste(text, wishes)
  const exported = `${label} does not name the entry module as a string. Export this from that module:\n\n  ${classes.map(exportLine).join('\n  ')}\n`
  return {
    table: main === undefined ? {} : { main },
    required: {
      additions: [],
      notices: [
        ...(lines.length === 0
          ? []
          : [
              `${label} is a program, so add this to the Worker in it yourself:\n\n${lines.join('\n')}\n`,
            ]),
        ...(main === undefined && classes.length > 0 ? [exported] : []),
      ],
      binding: bindingName(wishes),
      classes: main === undefined ? [] : classes,
      isShared: false,
    },
  }
}

/** Returns the text with its comments replaced by spaces, or unchanged if it cannot be parsed. */
function withoutComments({ text, path }: TextFile): string {
  try {
    return moduleOutline(text, path).comments.reduce(
      (before, { start, end }) =>
        before.slice(0, start) + ' '.repeat(end - start) + before.slice(end),
      text,
    )
  } catch {
    return text
  }
}

/** Returns the path of the entry module, if it is written as a string. */
function entrypointIn(text: string): string | undefined {
  const found =
    /from\s*(["'])([^"'\n]+)\1\s*with\s*\{\s*type\s*:\s*["']cf-worker["']/.exec(text) ??
    /\bentrypoint\s*:\s*(["'])([^"'\n]+)\1/.exec(text)
  return found?.[2]
}

/** Returns the lines that are missing in the Worker's definition, or an empty list if all are there. */
function linesToPaste(text: string, wishes: Wishes): string[] {
  const worker = /\bname\s*:\s*["']([^"'\n]+)["']/.exec(text)?.[1] ?? "the Worker's name"
  const isMissing = (name: string): boolean => !new RegExp(`\\b${name}\\b`).test(text)
  const binding = bindingName(wishes)
  const bound = classesFor(wishes).map((className) => ({
    className,
    name: className === 'SessionObject' ? binding : OBJECT_CLASSES[className].binding,
  }))
  return [
    ...block(
      'exports',
      bound
        .filter(({ className }) => isMissing(className))
        .map(({ className }) => `    ${className}: { type: 'durable-object', storage: 'sqlite' },`),
    ),
    ...block('env', [
      ...bound
        .filter(({ name }) => isMissing(name))
        .map(
          ({ name, className }) =>
            `    ${name}: { type: 'durable-object', worker: '${worker}', exportName: '${className}' },`,
        ),
      ...(wishes.store === 'kv' && isMissing(binding) ? [`    ${binding}: { type: 'kv' },`] : []),
      ...(isMissing(SECRET_NAME) ? [`    ${SECRET_NAME}: { type: 'secret' },`] : []),
    ]),
  ]
}

function block(name: string, lines: readonly string[]): string[] {
  return lines.length === 0 ? [] : [`  ${name}: {`, ...lines, '  },']
}
