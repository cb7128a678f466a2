import { dirname, join } from 'node:path'

import { isTable } from './addition.ts'
import { readTextFile } from './text-file.ts'

/** The frameworks with a recipe in docs/frameworks.md. */
export type FrameworkName =
  | 'agents'
  | 'astro'
  | 'hono'
  | 'itty-router'
  | 'next'
  | 'nitro'
  | 'nuxt'
  | 'react-router'
  | 'rwsdk'
  | 'sveltekit'
  | 'tanstack-start'
  | 'vinext'

/** By a package that only its applications have. A framework built on another one comes before that one. */
const BY_PACKAGE: readonly (readonly [name: string, framework: FrameworkName])[] = [
  ['@sveltejs/kit', 'sveltekit'],
  ['astro', 'astro'],
  ['nuxt', 'nuxt'],
  ['nitro', 'nitro'],
  ['nitropack', 'nitro'],
  ['@tanstack/react-start', 'tanstack-start'],
  ['rwsdk', 'rwsdk'],
  ['vinext', 'vinext'],
  ['@opennextjs/cloudflare', 'next'],
  ['@react-router/dev', 'react-router'],
  ['agents', 'agents'],
  ['partyserver', 'agents'],
  ['hono', 'hono'],
  ['itty-router', 'itty-router'],
]

/**
 * Returns the framework of the application in this directory, from the nearest package.json that names one, or
 * `undefined` if none does. A file that cannot be read is skipped.
 */
export async function frameworkOf(directory: string): Promise<FrameworkName | undefined> {
  const text = await readTextFile(join(directory, 'package.json')).catch(() => undefined)
  const found = text === undefined ? undefined : namedIn(text.text)
  if (found !== undefined) return found
  const above = dirname(directory)
  return text !== undefined || above === directory ? undefined : frameworkOf(above)
}

function namedIn(text: string): FrameworkName | undefined {
  const packages = packagesOf(text)
  return BY_PACKAGE.find(([name]) => packages.has(name))?.[1]
}

function packagesOf(text: string): ReadonlySet<string> {
  try {
    const { dependencies, devDependencies } = JSON.parse(text) as Record<string, unknown>
    return new Set([dependencies, devDependencies].filter(isTable).flatMap(Object.keys))
  } catch {
    return new Set()
  }
}
