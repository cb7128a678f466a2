import { readFileSync } from 'node:fs'
import { glob } from 'node:fs/promises'
import { fileURLToPath } from 'node:url'

/** The repository's folder, with a slash at its end. */
export const ROOT = fileURLToPath(new URL('../..', import.meta.url))

interface Manifest {
  readonly exports: Readonly<Record<string, string | Readonly<Record<string, string>>>>
}

/** Returns the paths of all files of src/, such as `src/store/kv.ts`, sorted. */
export async function sourceFiles(): Promise<string[]> {
  const paths: string[] = []
  for await (const path of glob('src/**/*.ts', { cwd: ROOT })) paths.push(path)
  return paths.toSorted()
}

/**
 * Returns the source of an entry of the package, such as `src/store/kv.ts` for `edge-session/store/kv`, as a runtime with
 * this condition resolves it. Throws if the package does not export it.
 */
export function sourceOf(entry: string, condition: 'workerd' | 'node'): string {
  const manifest = JSON.parse(readFileSync(`${ROOT}package.json`, 'utf8')) as Manifest
  const target = manifest.exports[entry.replace(/^edge-session/, '.')]
  const built = typeof target === 'object' ? (target[condition] ?? target['default']) : target
  if (built === undefined) throw new Error(`package.json does not export ${entry}.`)
  return built.replace(/^\.\/dist\//, 'src/').replace(/\.js$/, '.ts')
}

/** Returns the path of the one source file of this name, in whichever folder it is. Throws if there is not exactly one. */
export async function sourceNamed(name: string): Promise<string> {
  const [path, ...others] = (await sourceFiles()).filter((each) => each.endsWith(`/${name}`))
  if (path === undefined || others.length > 0) throw new Error(`Not exactly one ${name} in src/.`)
  return path
}
