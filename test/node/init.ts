import assert from 'node:assert/strict'
import { readdir } from 'node:fs/promises'

import { contents, directoryWith, edgeSession, type Outcome } from './command.ts'

export const TOML = `# The shop.
name = "shop" # its name
main = "src/index.ts"
compatibility_date = "2026-11-01"

[vars]
GREETING = "hello"
`
export const MODULE = `import { Hono } from 'hono'

export default new Hono()
`
export const EXPORT = `export { SessionObject } from 'edge-session/store/durable-object'`
export const BLOCKS = `
[[durable_objects.bindings]]
name = "SESSIONS"
class_name = "SessionObject"

[[migrations]]
tag = "v1"
new_sqlite_classes = ["SessionObject"]
`
export const FILES = ['wrangler.toml', 'src/index.ts', '.dev.vars', '.gitignore'] as const

export const init = (directory: string, ...args: string[]): Promise<Outcome> =>
  edgeSession(directory, ['init', ...args])

/** Runs it with --yes, and gives what is there afterwards. */
export async function initialised(
  files: Record<string, string>,
  ...args: string[]
): Promise<{ directory: string; outcome: Outcome; toml: string; module: string; vars: string }> {
  const directory = await directoryWith(files)
  const outcome = await init(directory, '--yes', ...args)
  assert.equal(outcome.code, 0, outcome.stderr)
  const found = await contents(directory, FILES)
  return {
    directory,
    outcome,
    toml: found['wrangler.toml'] ?? '',
    module: found['src/index.ts'] ?? '',
    vars: found['.dev.vars'] ?? '',
  }
}

/** Runs it with --yes on a configuration that it can't extend, and gives what it says; nothing may be written. */
export async function refusal(files: Record<string, string>, ...args: string[]): Promise<string> {
  const directory = await directoryWith(files)
  const { code, stderr, stdout } = await init(directory, '--yes', ...args)
  assert.notEqual(code, 0, stdout)
  assert.doesNotMatch(stderr, /^\s+at /m)
  const names = Object.keys(files)
  assert.deepEqual(await contents(directory, names), files)
  const all = await readdir(directory, { recursive: true, withFileTypes: true })
  assert.equal(all.filter((each) => each.isFile()).length, names.length)
  return stderr
}

export const project = { 'wrangler.toml': TOML, 'src/index.ts': MODULE }
