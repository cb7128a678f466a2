import assert from 'node:assert/strict'
import { access, constants, mkdir, readdir, readFile, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { after } from 'node:test'

import { Browser } from '../support/browser.ts'
import { copyProject, newDirectory, ROOT, run } from './project.ts'
import { describe, it } from './suite.ts'
import { bundle, newServer } from './workerd.ts'

interface Manifest {
  readonly exports: Record<string, string | { readonly types: string; readonly default: string }>
}

const FILES = [
  'src',
  'cli',
  'scripts',
  'package.json',
  'README.md',
  'LICENSE',
  'tsconfig.json',
  'tsconfig.build.json',
]

/** An application that has installed the package, as it is published. */
async function newApplication(): Promise<string> {
  const [project, application] = await Promise.all([newDirectory(), newDirectory()])
  await copyProject(project, FILES)
  await run(project, 'npm', 'run', 'build')
  await run(project, 'npm', 'pack', '--ignore-scripts')
  const archive = (await readdir(project)).find((name) => name.endsWith('.tgz'))
  assert.ok(archive !== undefined)
  const installed = join(application, 'node_modules', 'edge-session')
  await mkdir(installed, { recursive: true })
  await run(project, 'tar', '-xzf', archive, '-C', installed, '--strip-components=1')
  return application
}

const application = await newApplication()
const published = join(application, 'node_modules', 'edge-session')
const manifest = JSON.parse(await readFile(join(published, 'package.json'), 'utf8')) as Manifest
const modules = Object.entries(manifest.exports).filter(([path]) => path !== './package.json')

describe('the published package', () => {
  it('has the file of every export and of its types', async () => {
    assert.ok(modules.length >= 4)
    for (const [path, target] of modules) {
      assert.ok(typeof target === 'object', path)
      await Promise.all([target.types, target.default].map((file) => access(join(published, file))))
    }
  })

  it('needs no other package', async () => {
    const text = await readFile(join(published, 'package.json'), 'utf8')
    assert.doesNotMatch(text, /"(dependencies|peerDependencies)"/)
  })

  it('has a command that runs by itself, and the licenses of what is in it', async () => {
    const command = join(published, 'dist', 'cli.js')
    await access(command, constants.X_OK)
    // It lies alone: what it would import could not be found.
    const version = (await run(application, command, '--version')).trim()
    assert.equal(version, (manifest as { version?: string }).version)
    const licenses = await readFile(join(published, 'dist', 'cli-licenses.txt'), 'utf8')
    for (const name of ['@babel/parser', 'diff', 'jsonc-parser', 'smol-toml']) {
      assert.match(
        licenses,
        new RegExp(`^${name} \\d+\\.\\d+\\.\\d+, (MIT|BSD-3-Clause)\\n\\n[^]*opyright`, 'm'),
      )
    }
  })

  it('keeps a session in plain Node, in memory', async () => {
    await writeFile(join(application, 'visits.mjs'), VISITS_SOURCE)
    const said = await run(application, 'node', 'visits.mjs')
    const [first, second, stranger] = JSON.parse(said) as [number, string[]][]
    assert.equal(first?.[0], 1)
    assert.match(
      first[1].join(),
      /^__Host-session=[\w.-]+; Path=\/; Secure; HttpOnly; SameSite=Lax$/,
    )
    assert.deepEqual(second, [2, []])
    assert.equal(stranger?.[0], 1)
  })

  it('type-checks and runs in workerd, by each of its import paths', async () => {
    const main = join(application, 'worker.ts')
    await writeFile(main, applicationSource())
    await writeFile(join(application, 'tsconfig.json'), JSON.stringify(STRICT))
    await run(application, 'tsc')
    await bundle(main, application)
    const server = await newServer(application)
    after(() => server.kill())
    await server.start()
    const browser = new Browser((request) => fetch(request), server.origin)
    const first = await browser.json<{ visits: number; modules: Record<string, string[]> }>('/')
    assert.equal(first.visits, 1)
    assert.equal((await browser.json<{ visits: number }>('/')).visits, 2)
    assert.deepEqual(
      Object.keys(first.modules),
      modules.map(([path]) => path),
    )
    for (const [path, names] of Object.entries(first.modules)) assert.ok(names.length > 0, path)
  })
})

describe('the demo', () => {
  it('bundles as it would be deployed', async () => {
    const output = await newDirectory()
    const said = await run(ROOT, 'wrangler', 'deploy', '--dry-run', '--outdir', output)
    for (const binding of ['SESSIONS', 'SESSION_KV']) assert.match(said, new RegExp(binding))
    assert.match(await readFile(join(output, 'worker.js'), 'utf8'), /SessionObject/)
    const configuration = await readFile(join(ROOT, 'wrangler.toml'), 'utf8')
    assert.doesNotMatch(configuration, /^\s*SESSION_SECRET/m)
  })
})

/** Three requests of two visitors, without a server. */
const VISITS_SOURCE = `
import { createSessions } from 'edge-session'
import { memoryStore } from 'edge-session/store/memory'

const { withSession } = createSessions({
  secrets: ['only-for-tests-only-for-tests-only-for-tests'],
  store: memoryStore(),
})
const handler = withSession(({ session }) => session.increment('visits'))

async function visit(headers) {
  const response = await handler(new Request('https://app.example/', { headers }))
  return [await response.json(), response.headers.getSetCookie()]
}

const first = await visit({})
const second = await visit({ Cookie: first[1][0].split(';')[0] })
process.stdout.write(JSON.stringify([first, second, await visit({})]))
`

/** What an application may ask of the types: everything strict, nothing skipped. */
const STRICT = {
  compilerOptions: {
    target: 'es2024',
    module: 'esnext',
    moduleResolution: 'bundler',
    lib: ['esnext'],
    types: [join(ROOT, 'node_modules', '@cloudflare', 'workers-types')],
    strict: true,
    exactOptionalPropertyTypes: true,
    skipLibCheck: false,
    noEmit: true,
  },
  files: ['worker.ts'],
}

/** The README's Worker in small, and every import path there is. */
function applicationSource(): string {
  const imports = modules.map(
    ([path], index) => `import * as module${index} from 'edge-session${path.slice(1)}'`,
  )
  const names = modules.map(
    ([path], index) => `${JSON.stringify(path)}: Object.keys(module${index})`,
  )
  return `
import { createSessions } from 'edge-session'
import { durableObjectStore, SessionObject } from 'edge-session/store/durable-object'
${imports.join('\n')}

export { SessionObject }

interface Env { SESSION_SECRET: string; SESSIONS: DurableObjectNamespace<SessionObject> }

const { withSession } = createSessions<{ visits: number }, Env>({
  secrets: (env) => [env.SESSION_SECRET],
  store: (env) => durableObjectStore(env.SESSIONS),
})

const modules = { ${names.join(', ')} }

export default {
  fetch: withSession(async ({ session }) => ({ visits: await session.increment('visits'), modules })),
} satisfies ExportedHandler<Env>
`
}
