import { dirname, join } from 'node:path'

import { isTable } from './addition.ts'
import { readTextFile } from './text-file.ts'

/** The frameworks that have a recipe in docs/frameworks.md. */
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

/** By the package that only its applications have. A framework that is built on another one comes first. */
const BY_PACKAGE: readonly (readonly [name: string, framework: FrameworkName])[] = [
  ['@sveltejs/kit', 'sveltekit'],
  ['astro', 'astro'],
  ['nuxt', 'nuxt'],
  ['nitro', 'nitro'],
  ['nitropack', 'nitro'],
  ['@tanstack/react-start', 'tanstack-start'],
  ['rwsdk', 'rwsdk'],
  ['@opennextjs/cloudflare', 'next'],
  ['@react-router/dev', 'react-router'],
  ['agents', 'agents'],
  ['partyserver', 'agents'],
  ['hono', 'hono'],
  ['itty-router', 'itty-router'],
]

/**
 * Returns which framework the application in this directory uses, by the nearest package.json that names one;
 * `undefined` if none does. What can't be read names none.
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
