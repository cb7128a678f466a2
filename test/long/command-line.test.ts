import assert from 'node:assert/strict'
import { spawn } from 'node:child_process'
import { readFile } from 'node:fs/promises'
import { join } from 'node:path'
import { text } from 'node:stream/consumers'

import { plainEnvironment, ROOT } from '../node/project.ts'
import { describe, it } from '../node/suite.ts'

const LONGEST_MS = 120_000

interface Outcome {
  readonly code: number | null
  readonly output: string
}

/** Runs a script of this repository to its end. It is killed if it takes the arguments and begins its work. */
async function run(path: string, ...args: readonly string[]): Promise<Outcome> {
  const child = spawn(process.execPath, [path, ...args], {
    cwd: ROOT,
    env: plainEnvironment(),
    stdio: ['ignore', 'pipe', 'pipe'],
    timeout: LONGEST_MS,
  })
  const ended = new Promise<number | null>((resolve) => child.once('close', resolve))
  const [stdout, stderr, code] = await Promise.all([text(child.stdout), text(child.stderr), ended])
  return { code, output: stdout + stderr }
}

const { scripts } = JSON.parse(await readFile(join(ROOT, 'package.json'), 'utf8')) as {
  scripts: Record<string, string>
}
/** The scripts of package.json that are modules of this repository. */
const own = Object.entries(scripts).flatMap(([name, command]) => {
  const [, path] = /^(?:exec )?node ((?:scripts|bench)\/[\w-]+\.(?:ts|mjs))$/.exec(command) ?? []
  return path === undefined ? [] : [{ name, path }]
})

describe('a script with an unknown option', () => {
  it('is any that package.json names', () => {
    const names = new Set(own.map(({ name }) => name))
    for (const name of ['start', 'test', 'bench', 'simulate', 'soak', 'mutate', 'docs:walk'])
      assert.ok(names.has(name), name)
  })

  for (const { name, path } of own) {
    it(`says so in one line, and ends with 2: ${name}`, async () => {
      const { code, output } = await run(path, '--bogus')
      assert.match(output, /^Unknown option '--bogus'\. Usage: npm .+\n$/)
      assert.ok(output.includes(`npm ${name}`) || output.includes(`npm run ${name}`), output)
      assert.equal(code, 2)
    })
  }
})

describe('a script with a value that it cannot use', () => {
  for (const [path, args, says] of [
    ['scripts/start.mjs', ['--port', 'abc'], 'The port is "abc". Give it a whole number from 1 to'],
    ['scripts/start.mjs', ['--port'], "Option '--port <value>' argument missing."],
    ['scripts/simulate.ts', ['--from', '5', '--to', '5'], '--to is "5". Give it a whole number of'],
    ['scripts/soak.ts', ['--operations', '0'], '--operations is "0".'],
    ['scripts/soak.ts', ['--broken', 'x'], 'There is no fault "x". Use one of: early; ids.'],
    ['scripts/mutate.ts', ['--from', '-1'], "Option '--from' argument is ambiguous."],
    ['scripts/mutate.ts', ['--from', '0'], '--from is "0". Give it a whole number from 1 to'],
    ['scripts/walk-docs.ts', ['docs/no.md'], 'There is no document "docs/no.md". Use one of: '],
    ['scripts/docs-site.ts', ['record'], "Unexpected argument 'record'."],
    ['bench/run.ts', ['--on', 'ram'], 'There is no place "ram". Use one of: tmpfs; disk.'],
    ['bench/run.ts', ['--parts', 'load,x'], 'There is no part "x".'],
    ['bench/once.ts', ['--rounds', '1e3'], '--rounds is "1e3".'],
  ] as const) {
    it(`says which, and ends with 2: ${path} ${args.join(' ')}`, async () => {
      const { code, output } = await run(path, ...args)
      assert.ok(output.startsWith(says), output)
      assert.match(output, /^.+ Usage: npm .+\n$/)
      assert.equal(code, 2)
    })
  }
})
