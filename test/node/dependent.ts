import { cp, mkdir, symlink, writeFile } from 'node:fs/promises'
import { basename, dirname, join } from 'node:path'

import { newDirectory, ROOT } from './project.ts'

/**
 * A project of its own that has this package, as it was built, among its dependencies: with the files of a folder of this
 * repository, and these other packages, of which this repository has the right versions.
 */
export async function newDependent(
  folder: string,
  packages: readonly string[] = [],
): Promise<string> {
  const directory = await newDirectory()
  // The settings for the type checker lead out of the folder.
  const filter = (path: string): boolean => basename(path) !== 'tsconfig.json'
  await cp(join(ROOT, folder), directory, { recursive: true, filter })
  const dependencies = ['edge-session', ...packages]
  for (const name of dependencies) {
    const path = join(directory, 'node_modules', name)
    await mkdir(dirname(path), { recursive: true })
    await symlink(name === 'edge-session' ? ROOT : join(ROOT, 'node_modules', name), path)
  }
  const versions = Object.fromEntries(dependencies.map((name) => [name, '*']))
  const manifest = { private: true, type: 'module', dependencies: versions }
  await writeFile(join(directory, 'package.json'), JSON.stringify(manifest))
  return directory
}
