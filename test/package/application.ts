import { cp, mkdir, readdir, readFile, symlink, writeFile } from 'node:fs/promises'
import { join, posix } from 'node:path'

import { newDirectory, ROOT, run } from '../node/project.ts'

/** Where an import path leads, by condition: its types first, `default` last. */
export type Target = Readonly<
  Partial<Record<'workerd' | 'node', string>> & Record<'types' | 'default', string>
>

export interface Manifest {
  readonly version: string
  readonly exports: Readonly<Record<string, string | Target>>
  readonly bin?: Readonly<Record<string, string>>
  readonly dependencies?: Readonly<Record<string, string>>
  readonly peerDependencies?: Readonly<Record<string, string>>
  readonly peerDependenciesMeta?: Readonly<Record<string, { readonly optional?: boolean }>>
}

/** An empty project that has installed the package as it is published, from its archive and from nowhere else. */
export interface Application {
  readonly directory: string
  /** Where the package lies in it. */
  readonly installed: string
  readonly manifest: Manifest
  /** Every import path, such as `edge-session/store/kv`. */
  readonly entries: ReadonlyMap<string, Target>
}

/** What is made by programs, or large. */
const NOT_COPIED = /[/\\](node_modules|\.git|\.wrangler|\.dev\.vars|dist|coverage)$/

/** Packs this repository, which builds it. Returns the path of the archive. */
export async function newArchive(): Promise<string> {
  const project = await newDirectory()
  await cp(ROOT, project, { recursive: true, filter: (path) => !NOT_COPIED.test(path) })
  await symlink(join(ROOT, 'node_modules'), join(project, 'node_modules'), 'junction')
  // As on the machine of somebody who has tried the demo.
  await writeFile(join(project, '.dev.vars'), 'SESSION_SECRET=of-this-machine-only')
  await run(project, 'npm', 'pack')
  return join(project, (await readdir(project)).find((name) => name.endsWith('.tgz')) ?? '')
}

/** Installs the packed package. The frameworks that adapters are for are linked, as if the user had them. */
export async function newApplication(): Promise<Application> {
  const [archive, directory] = await Promise.all([newArchive(), newDirectory()])
  await writeFile(join(directory, 'package.json'), '{ "private": true, "type": "module" }')
  const quiet = ['--offline', '--no-audit', '--no-fund']
  await run(directory, 'npm', 'install', ...quiet, archive)

  const installed = join(directory, 'node_modules', 'edge-session')
  const manifest = JSON.parse(await readFile(join(installed, 'package.json'), 'utf8')) as Manifest
  const peers = Object.keys(manifest.peerDependencies ?? {})
  await Promise.all(peers.map((name) => link(directory, name)))
  const entries = Object.entries(manifest.exports).flatMap(([path, target]) =>
    typeof target === 'string' ? [] : [[posix.join('edge-session', path), target] as const],
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

/**
 * What a module or declaration of the package imports that is no file of it, by itself or by what it imports: `hono`,
 * `cloudflare:workers`.
 */
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
  const ending = module.endsWith('.d.ts') ? '.d.ts' : '.js'
  const deeper = own.map((name) => {
    const path = posix.join(posix.dirname(module), name).replace(/(\.d)?\.[jt]s$/, ending)
    return foreignImportsOf(installed, path, seen)
  })
  const found = (await Promise.all(deeper)).flatMap((set) => [...set])
  return new Set([...names.filter((name) => !name.startsWith('.')), ...found])
}
