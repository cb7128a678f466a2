import { cp, mkdir, readdir, readFile, symlink, writeFile } from 'node:fs/promises'
import { join, posix } from 'node:path'

import { newDirectory, ROOT, run } from './project.ts'

export interface Manifest {
  readonly version: string
  readonly exports: Record<string, string | { readonly types: string; readonly default: string }>
  readonly dependencies?: Record<string, string>
  readonly peerDependencies?: Record<string, string>
  readonly peerDependenciesMeta?: Record<string, { readonly optional?: boolean }>
}

/** An empty project that has installed the package as it is published, from its archive and from nowhere else. */
export interface Application {
  readonly directory: string
  /** Where the package lies in it. */
  readonly installed: string
  readonly manifest: Manifest
  /** Each import path, `edge-session/store/kv`, with its module in the package, `dist/store/kv.js`. */
  readonly entries: ReadonlyMap<string, string>
}

/** What the package is made of. */
export const SOURCES = [
  'src',
  'package.json',
  'README.md',
  'LICENSE',
  'tsconfig.json',
  'tsconfig.build.json',
] as const

/** Builds, packs and installs. The frameworks that adapters are for are linked, as if the user had them. */
export async function newApplication(): Promise<Application> {
  const [project, directory] = await Promise.all([newDirectory(), newDirectory()])
  const copies = SOURCES.map((name) =>
    cp(join(ROOT, name), join(project, name), { recursive: true }),
  )
  await Promise.all([...copies, symlink(join(ROOT, 'node_modules'), join(project, 'node_modules'))])
  await run(project, 'npm', 'run', 'build')
  await run(project, 'npm', 'pack')
  const archive = (await readdir(project)).find((name) => name.endsWith('.tgz')) ?? ''
  await writeFile(join(directory, 'package.json'), '{ "private": true, "type": "module" }')
  const quiet = ['--offline', '--no-audit', '--no-fund']
  await run(directory, 'npm', 'install', ...quiet, join(project, archive))

  const installed = join(directory, 'node_modules', 'edge-session')
  const manifest = JSON.parse(await readFile(join(installed, 'package.json'), 'utf8')) as Manifest
  await Promise.all(
    Object.keys(manifest.peerDependencies ?? {}).map((name) => link(directory, name)),
  )
  const entries = Object.entries(manifest.exports).flatMap(([path, target]) =>
    typeof target === 'string'
      ? []
      : [[posix.join('edge-session', path), posix.normalize(target.default)] as const],
  )
  return { directory, installed, manifest, entries: new Map(entries) }
}

/** Gives an application one of this repository's packages. */
export async function link(directory: string, name: string): Promise<void> {
  const path = join(directory, 'node_modules', name)
  await mkdir(join(path, '..'), { recursive: true })
  await symlink(join(ROOT, 'node_modules', name), path, 'junction')
}

const IMPORT =
  /^\s*(?:import|export)\b(?:[\w\s{},*$]*?\bfrom)?\s*['"]([^'"]+)['"]|\bimport\(\s*['"]([^'"]+)['"]/gm

/** What a module of the package imports that is no file of it, by itself or by what it imports: `hono`, `cloudflare:workers`. */
export async function foreignImportsOf(
  installed: string,
  module: string,
  seen: Set<string> = new Set(),
): Promise<Set<string>> {
  if (seen.has(module)) return new Set()
  seen.add(module)
  const source = await readFile(join(installed, module), 'utf8')
  const imports = source.matchAll(IMPORT)
  const names = Array.from(imports, ([, name, dynamic]) => name ?? dynamic ?? '')
  const own = names.filter((name) => name.startsWith('.'))
  const deeper = own.map((name) =>
    foreignImportsOf(installed, posix.join(posix.dirname(module), name), seen),
  )
  const found = (await Promise.all(deeper)).flatMap((set) => [...set])
  return new Set([...names.filter((name) => !name.startsWith('.')), ...found])
}
