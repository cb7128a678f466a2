import assert from 'node:assert/strict'
import { spawn } from 'node:child_process'
import { mkdir, readFile, rename, symlink, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { after } from 'node:test'
import { setTimeout as wait } from 'node:timers/promises'

import { directoryWith, edgeSession } from '../node/command.ts'
import { atEnd, newPort, plainEnvironment, ROOT, run } from '../node/project.ts'
import { describe, it } from '../node/suite.ts'
import { newServer } from '../node/workerd.ts'
import { Browser } from '../support/browser.ts'

const TOML = `name = "app"
main = "src/index.js"
compatibility_date = "2026-11-01" # today
`
const JSONC = `{
  // the app
  "name": "app",
  "main": "src/index.ts",
  "compatibility_date": "2026-11-01",
}
`

/** An application that has installed the package, and its Worker still without sessions. */
async function newApplication(files: Record<string, string>): Promise<string> {
  const directory = await directoryWith(files)
  await mkdir(join(directory, 'node_modules', '@cloudflare'), { recursive: true })
  const types = join('node_modules', '@cloudflare', 'workers-types')
  await Promise.all([
    symlink(ROOT, join(directory, 'node_modules', 'edge-session'), 'junction'),
    symlink(join(ROOT, types), join(directory, types), 'junction'),
  ])
  return directory
}

/** The lines that `init` says to paste. */
function pasted(stdout: string): string {
  const [, code = ''] = /In your Worker:\n\n((?: {5}.*\n|\n)+?)\n {2}\d\. /.exec(stdout) ?? []
  return code.replaceAll(/^ {5}/gm, '')
}

/** Runs `init`, and then writes into the Worker what it says to paste, with the exports that it has written. */
async function prepared(directory: string, module: string, ...options: string[]): Promise<string> {
  const { code, stdout, stderr } = await edgeSession(directory, ['init', '--yes', ...options])
  assert.equal(code, 0, stderr)
  assert.doesNotMatch(stdout, /npm install edge-session/)
  const lines = (await readFile(join(directory, module), 'utf8')).split('\n')
  const exported = lines.filter((line) => /^export \{ \w+ \} from/.test(line)).join('\n')
  await writeFile(join(directory, module), `${exported}\n${pasted(stdout)}`)
  return stdout
}

async function bundled(directory: string, ...options: string[]): Promise<string> {
  return run(directory, 'wrangler', 'deploy', '--dry-run', '--outdir', 'bundle', ...options)
}

describe('a Worker after edge-session init', () => {
  it('is bundled by wrangler as it is, and runs in workerd with the lines to paste', async () => {
    const plain = `export default { fetch: () => new Response('hello') }\n`
    const directory = await newApplication({ 'wrangler.toml': TOML, 'src/index.js': plain })
    await prepared(directory, 'src/index.js')
    const said = await bundled(directory)
    assert.match(said, /env\.SESSIONS \(SessionObject\)/)
    assert.doesNotMatch(said, /warning|error/i)
    await rename(join(directory, 'bundle', 'index.js'), join(directory, 'worker.js'))
    const server = await newServer(directory)
    after(() => server.kill())
    await server.start()
    const browser = new Browser((request) => fetch(request), server.origin)
    assert.deepEqual(await browser.json('/'), { visits: 1 })
    assert.deepEqual(await browser.json('/'), { visits: 2 })
  })

  it('has types, users and a named environment where they were asked for', async () => {
    const plain = `import type { Foo } from './foo'\n\nexport default { fetch: (): Response => new Response() }\nexport type { Foo }\n`
    const directory = await newApplication({
      'wrangler.jsonc': JSONC.replace(',\n}', ',\n  "env": { "live": {} },\n}'),
      'src/index.ts': plain,
      'src/foo.ts': 'export type Foo = string\n',
      'tsconfig.json': JSON.stringify({
        compilerOptions: {
          target: 'es2024',
          module: 'esnext',
          moduleResolution: 'bundler',
          lib: ['esnext'],
          types: ['@cloudflare/workers-types'],
          strict: true,
          noEmit: true,
        },
        files: ['src/index.ts', 'env.d.ts'],
      }),
    })
    await prepared(directory, 'src/index.ts', '--users', '--env', 'live')
    await run(directory, 'wrangler', 'types', 'env.d.ts', '--include-runtime=false')
    await run(directory, 'tsc')
    for (const options of [[], ['--env', 'live']]) {
      const said = await bundled(directory, ...options)
      assert.match(said, /env\.SESSIONS \(SessionObject\)/)
      assert.match(said, /env\.USERS \(UserObject\)/)
      assert.doesNotMatch(said, /is not inherited/)
    }
  })

  for (const variables of ['.dev.vars', '.env.local'] as const) {
    it(`runs by wrangler dev, in KV, with the secret of ${variables}`, async () => {
      const plain = `export default { fetch: () => new Response('hello') }\n`
      const files = { 'wrangler.toml': TOML, 'src/index.js': plain }
      const usual = variables === '.dev.vars' ? files : { ...files, '.env': 'API_KEY=1\n' }
      const directory = await newApplication(usual)
      const stdout = await prepared(directory, 'src/index.js', '--kv')
      assert.match(stdout, new RegExp(`^Wrote .*\\${variables}`, 'm'))
      const browser = new Browser((request) => fetch(request), await served(directory))
      assert.deepEqual(await browser.json('/'), { visits: 1 })
      assert.deepEqual(await browser.json('/'), { visits: 2 })
      const [[name, token] = ['', '']] = browser.cookies
      const seen = await edgeSession(directory, ['inspect', '-'], { input: `${name}=${token}` })
      assert.equal(seen.code, 0, seen.stderr)
      assert.match(seen.stdout, /^store +Workers KV/m)
      assert.match(seen.stdout, new RegExp(`of SESSION_SECRET of \\${variables}$`, 'm'))
    })
  }
})

const START_MS = 120_000

/** Where `wrangler dev` serves the Worker, once it answers; it is gone when the tests are over. */
async function served(directory: string): Promise<string> {
  const port = await newPort()
  const wrangler = join(ROOT, 'node_modules', 'wrangler', 'bin', 'wrangler.js')
  const options = ['--port', String(port), '--inspector-port', '0', '--log-level', 'warn']
  // A process group of its own, so that its children go with it.
  const { pid } = spawn(process.execPath, [wrangler, 'dev', ...options], {
    cwd: directory,
    stdio: ['ignore', 'ignore', 'inherit'],
    env: { ...plainEnvironment(), CLOUDFLARE_CF_FETCH_ENABLED: 'false' },
    detached: true,
  })
  assert.ok(pid !== undefined)
  let isOver = false
  const stop = (): void => {
    if (!isOver) process.kill(-pid, 'SIGKILL')
    isOver = true
  }
  after(stop)
  atEnd(stop)
  const deadline = Date.now() + START_MS
  for (;;) {
    const response = await fetch(`http://localhost:${port}/`).catch(() => undefined)
    await response?.body?.cancel()
    if (response !== undefined) return `http://localhost:${port}`
    assert.ok(Date.now() < deadline, 'wrangler dev does not answer.')
    await wait(100)
  }
}
