import assert from 'node:assert/strict'
import { access, constants, glob, mkdir, readFile, stat, utimes, writeFile } from 'node:fs/promises'
import { homedir } from 'node:os'
import { dirname, join, posix, sep } from 'node:path'
import { after } from 'node:test'

import { ROOT, run } from '../node/project.ts'
import { describe, it } from '../node/suite.ts'
import { bundle, COMPATIBILITY_DATE, newServer } from '../node/workerd.ts'
import { Browser } from '../support/browser.ts'
import { foreignImportsOf, link, newApplication, newArchive, type Target } from './application.ts'

const WORKERS = 'cloudflare:workers'
/** Bundles of programs, with the licenses of what is in them. */
const PROGRAM = /^dist\/cli(\.js|-licenses\.txt)$/
const OBJECTS = new Set([
  'edge-session/adapter/better-auth',
  'edge-session/adapter/unstorage',
  'edge-session/live/object',
  'edge-session/store/durable-object',
  'edge-session/store/from-config',
  'edge-session/store/user-index',
])
/** How many programs run at a time. */
const PARALLEL = 2

const { directory, installed, manifest, entries } = await newApplication()
await link(directory, '@cloudflare/workers-types')
// wrangler is a large program, and starts for every import path.
process.env['NODE_COMPILE_CACHE'] = join(directory, 'compiled')
const peers = Object.keys(manifest.peerDependencies ?? {})

/** What an import path needs from elsewhere: in Workers, in Node, and of declarations. */
async function needsOf(target: Target): Promise<Record<'workerd' | 'node' | 'types', Set<string>>> {
  const { types, workerd = target.default, node = target.default } = target
  const modules = [workerd, node, types].map((module) => foreignImportsOf(installed, module))
  const [ofWorkers = NOTHING, ofNode = NOTHING, ofTypes = NOTHING] = await Promise.all(modules)
  return { workerd: ofWorkers, node: ofNode, types: ofTypes }
}

const NOTHING = new Set<string>()
const needs = new Map(
  await Promise.all(
    Array.from(entries, async ([path, target]) => [path, await needsOf(target)] as const),
  ),
)

/** The import paths that ask nothing of what they are used in but the web's own interfaces. */
function portableIn(condition: 'node' | 'types'): string[] {
  return [...entries.keys()].filter((path) => needs.get(path)?.[condition].has(WORKERS) === false)
}

const files = await filesOf(installed)

/** The files below a folder, in order, with slashes. */
async function filesOf(folder: string): Promise<string[]> {
  const paths = await Array.fromAsync(glob('**', { cwd: folder }))
  const stats = await Promise.all(paths.map((path) => stat(join(folder, path))))
  return paths
    .filter((_, index) => stats[index]?.isFile() === true)
    .map((path) => path.replaceAll(sep, '/'))
    .toSorted()
}

describe('the package', () => {
  it('has its sources, what is built of them, and nothing else', async () => {
    const sources = (await filesOf(join(ROOT, 'src'))).map((path) => `src/${path}`)
    assert.deepEqual(
      sources.filter((path) => !path.endsWith('.ts')),
      [],
    )
    const built = sources.flatMap((path) => {
      const base = path.replace(/^src/, 'dist').replace(/\.ts$/, '')
      return ['.js', '.js.map', '.d.ts', '.d.ts.map'].map((ending) => base + ending)
    })
    const programs = files.filter((path) => PROGRAM.test(path))
    const wanted = ['LICENSE', 'README.md', 'package.json', ...sources, ...built, ...programs]
    assert.deepEqual(files, wanted.toSorted())
  })

  it('is built again before it is packed if its sources are newer, and only then', async () => {
    const project = dirname(await newArchive())
    const built = join(project, 'dist', 'index.js')
    const first = (await stat(built)).mtimeMs
    await run(project, 'npm', 'pack')
    assert.equal((await stat(built)).mtimeMs, first)
    const now = new Date()
    await utimes(join(project, 'src', 'errors.ts'), now, now)
    await run(project, 'npm', 'pack')
    assert.ok((await stat(built)).mtimeMs > first)
  })

  it('has the files of every export, its types first', async () => {
    assert.ok(entries.size >= 8)
    for (const [path, target] of entries) {
      const conditions = Object.keys(target)
      assert.deepEqual([conditions[0], conditions.at(-1)], ['types', 'default'], path)
      assert.equal(target.types, target.default.replace(/\.js$/, '.d.ts'))
      for (const file of Object.values(target))
        assert.ok(files.includes(posix.normalize(file)), file)
    }
  })

  it('has a command that runs by itself, and the licenses of what is in it', async () => {
    const command = join(installed, 'dist', 'cli.js')
    await access(command, constants.X_OK)
    // It lies alone: what it would import could not be found.
    assert.equal((await run(directory, command, '--version')).trim(), manifest.version)
    const licenses = await readFile(join(installed, 'dist', 'cli-licenses.txt'), 'utf8')
    for (const name of ['@babel/parser', 'diff', 'jsonc-parser', 'smol-toml']) {
      const license = `^${name} \\d+\\.\\d+\\.\\d+, (MIT|BSD-3-Clause)\n\n[^]*opyright`
      assert.match(licenses, new RegExp(license, 'm'))
    }
  })

  it('says nothing of the machine that built it, or of where its parts came from', async () => {
    const places = [ROOT, directory, homedir()].map((path) => path.replace(/[/\\]$/, ''))
    const traces =
      /file:\/\/\/\w|\/(?:tmp|home|Users|private|var\/folders)\/|registry\.|_resolved|_integrity/
    for (const path of files) {
      const text = await readFile(join(installed, path), 'utf8')
      assert.deepEqual(
        places.filter((place) => beginsIn(place, text)),
        [],
        path,
      )
      // A program has other packages in it, which may speak of any place.
      if (!PROGRAM.test(path)) assert.equal(traces.exec(text)?.[0], undefined, path)
    }
  })

  it('has source maps that lead to its own sources', async () => {
    const maps = files.filter((path) => path.endsWith('.map'))
    for (const path of maps) {
      const map = JSON.parse(await readFile(join(installed, path), 'utf8')) as {
        sourceRoot?: string
        sources: string[]
      }
      const sources = map.sources.map((source) =>
        posix.join(posix.dirname(path), map.sourceRoot ?? '', source),
      )
      assert.ok(sources.length > 0, path)
      for (const source of sources) assert.ok(files.includes(source), `${path}: ${source}`)
    }
  })

  it('needs no other package: a framework is there for those only who use its adapter', () => {
    assert.equal(manifest.dependencies, undefined)
    for (const name of peers)
      assert.equal(manifest.peerDependenciesMeta?.[name]?.optional, true, name)
    const isPeer = (name: string): boolean =>
      peers.some((peer) => name === peer || name.startsWith(`${peer}/`))
    for (const [path, { workerd, node, types }] of needs) {
      const names = [...workerd, ...node, ...types].filter((name) => name !== WORKERS)
      assert.deepEqual(
        names.filter((name) => !isPeer(name)),
        [],
        path,
      )
      if (!path.includes('/adapter/')) assert.deepEqual(names, [], path)
    }
  })

  it('asks for Workers only where objects are', () => {
    const everywhere = [...entries.keys()].filter((path) => !OBJECTS.has(path))
    assert.deepEqual(
      everywhere.filter((path) => !portableIn('types').includes(path)),
      [],
    )
    assert.deepEqual(
      everywhere.filter((path) => !portableIn('node').includes(path)),
      [],
    )
  })
})

/** True if a path begins there: `app/root.tsx` is not in `/root`. */
function beginsIn(place: string, text: string): boolean {
  return text
    .split(place)
    .slice(0, -1)
    .some((before) => !/[\w.-]$/.test(before))
}

describe('the types of the package', () => {
  const options = {
    target: 'es2024',
    strict: true,
    exactOptionalPropertyTypes: true,
    noUncheckedIndexedAccess: true,
    verbatimModuleSyntax: true,
    isolatedModules: true,
    skipLibCheck: false,
    noEmit: true,
  }
  const RESOLUTIONS = {
    nodenext: { module: 'nodenext' },
    bundler: { module: 'esnext', moduleResolution: 'bundler' },
  }
  const LIBRARIES = {
    'the types of Workers': { lib: ['esnext'], types: ['@cloudflare/workers-types'] },
    'those of browsers only': { lib: ['esnext', 'dom'], types: [] },
  }

  /**
   * What the compiler finds wrong in these files, and in the package; frameworks' own declarations are not ours to mend.
   */
  async function errorsIn(
    name: string,
    sources: Record<string, string>,
    settings: object,
  ): Promise<string[]> {
    const folder = `types-${name.replaceAll(/\W/g, '-')}`
    await mkdir(join(directory, folder))
    for (const [file, text] of Object.entries(sources))
      await writeFile(join(directory, folder, file), text)
    const project = { compilerOptions: { ...options, ...settings }, files: Object.keys(sources) }
    await writeFile(join(directory, folder, 'tsconfig.json'), JSON.stringify(project))
    const said = await run(directory, 'tsc', '-p', folder, '--pretty', 'false').catch(String)
    const errors = said.split('\n').filter((line) => /\berror TS\d+/.test(line))
    if (errors.length === 0) assert.equal(said, '')
    const own = errors.filter((line) => !/^[^(]*node_modules\/(?!edge-session\/)/.test(line))
    return own.map((line) => line.replace(`${folder}/`, ''))
  }

  for (const [how, resolution] of Object.entries(RESOLUTIONS)) {
    for (const [what, library] of Object.entries(LIBRARIES)) {
      const isWorker = library.types.length > 0
      it(`resolve under ${how} with ${what}`, async () => {
        const paths = isWorker ? [...entries.keys()] : portableIn('types')
        const sources = {
          'every.ts': everyImport(paths),
          'use.ts': USE_SOURCE,
          ...(isWorker ? { 'worker.ts': WORKER_SOURCE } : {}),
        }
        const settings = { ...resolution, ...library }
        assert.deepEqual(await errorsIn(`${how} ${what}`, sources, settings), [])
      })
    }

    it(`refuse what is wrong under ${how}`, async () => {
      const settings = { ...resolution, ...LIBRARIES['those of browsers only'] }
      const errors = await errorsIn(`${how} wrong`, { 'wrong.ts': WRONG_SOURCE }, settings)
      const lines = WRONG_SOURCE.split('\n').flatMap((line, index) => {
        const [, wanted] = /\/\/ (TS\d+)$/.exec(line) ?? []
        return wanted === undefined ? [] : [`${index + 1}: ${wanted}`]
      })
      const found = errors.map((error) =>
        error.replace(/^wrong\.ts\((\d+),.*?(TS\d+).*$/, '$1: $2'),
      )
      assert.deepEqual(found, lines)
      assert.ok(lines.length >= 5)
    })
  }
})

describe('each import path alone', () => {
  it('bundles as wrangler would deploy it', async () => {
    const waiting = [...entries.keys()]
    const work = async (): Promise<void> => {
      for (let path = waiting.shift(); path !== undefined; path = waiting.shift()) {
        const name = path.replaceAll('/', '-')
        const source = `import * as entry from '${path}'\nexport default { fetch: () => Response.json(Object.keys(entry)) }\n`
        await writeFile(join(directory, `${name}.js`), source)
        const options = ['--name', 'alone', '--compatibility-date', COMPATIBILITY_DATE]
        const output = ['--outdir', join('bundles', name)]
        await run(directory, 'wrangler', 'deploy', `${name}.js`, '--dry-run', ...options, ...output)
        const bundled = await readFile(join(directory, 'bundles', name, `${name}.js`), 'utf8')
        const imports = bundled.matchAll(/^\s*import\b[^'"]*['"]([^'"]+)['"]/gm)
        const wanted = needs.get(path)?.workerd.has(WORKERS) === true ? [WORKERS] : []
        assert.deepEqual([...new Set(Array.from(imports, ([, found]) => found))], wanted, path)
      }
    }
    await Promise.all(Array.from({ length: PARALLEL }, work))
  })

  it('is imported by Node, unless it needs Workers', async () => {
    for (const path of portableIn('node')) {
      const source = `const entry = await import('${path}')\nprocess.stdout.write(String(Object.keys(entry).length))`
      const said = await run(directory, 'node', '--input-type=module', '--eval', source)
      assert.ok(Number(said) > 0, path)
    }
  })
})

describe('an application with the package', () => {
  it('keeps a session in plain Node, in memory', async () => {
    await writeFile(join(directory, 'visits.mjs'), VISITS_SOURCE)
    const said = await run(directory, 'node', 'visits.mjs')
    const [first, second, stranger] = JSON.parse(said) as [number, string[]][]
    assert.equal(first?.[0], 1)
    assert.match(
      first[1].join(),
      /^__Host-session=[\w.-]+; Path=\/; Secure; HttpOnly; SameSite=Lax; Priority=High$/,
    )
    assert.deepEqual(second, [2, []])
    assert.equal(stranger?.[0], 1)
  })

  it('keeps a session in workerd, with every import path in one Worker', async () => {
    const main = join(directory, 'worker.ts')
    await writeFile(join(directory, 'every.ts'), everyImport([...entries.keys()]))
    await writeFile(main, WORKER_SOURCE)
    await bundle(main, directory)
    const server = await newServer(directory)
    after(() => server.kill())
    await server.start()
    const browser = new Browser((request) => fetch(request), server.origin)
    const first = await browser.json<{ visits: number; modules: Record<string, string[]> }>('/')
    assert.equal(first.visits, 1)
    assert.equal((await browser.json<{ visits: number }>('/')).visits, 2)
    assert.deepEqual(Object.keys(first.modules), [...entries.keys()])
    for (const [path, names] of Object.entries(first.modules)) assert.ok(names.length > 0, path)
  })
})

/** A module with every import path there is, and what each exports. */
function everyImport(paths: readonly string[]): string {
  const imports = paths.map((path, index) => `import * as module${index} from '${path}'\n`)
  const names = paths.map((path, index) => `  '${path}': Object.keys(module${index}),\n`)
  return `${imports.join('')}
export const modules: Record<string, string[]> = {
${names.join('')}}
`
}

/** What runs anywhere, used as a program would, with the types that it gets. */
const USE_SOURCE = `
import { createSessions, json, SessionError, type Session, type SessionStore } from 'edge-session'
import { type AccountMethods, accounts } from 'edge-session/accounts'
import { csrfGuard } from 'edge-session/guard/csrf'
import { requireUser } from 'edge-session/guard/require-user'
import { kvStore } from 'edge-session/store/kv'
import { memoryStore } from 'edge-session/store/memory'

interface Data { cart: string[]; visits: number }

const store: SessionStore = memoryStore()
const sessions = createSessions({
  data: json<Data>(),
  secrets: (env: { SECRET: string }) => [env.SECRET],
  store,
  use: [accounts()],
})

export const handler = sessions.withSession(
  csrfGuard()(
    requireUser({ loginUrl: '/login' })(async ({ session }) => {
      const cart: readonly string[] = (await session.get('cart')) ?? []
      const visits: number = await session.increment('visits')
      const userId: string = session.userId
      session.set('cart', [...cart, userId])
      return { visits }
    }),
  ),
)

export async function halves(request: Request): Promise<Response> {
  const session: Session<Data> & AccountMethods = await sessions.open(request, { SECRET: '' })
  return sessions.commit(session, new Response(session.id))
}

export const elsewhere: SessionStore = kvStore({
  get: async () => null,
  put: async () => undefined,
  delete: async () => undefined,
})
export const code = (error: unknown): string =>
  error instanceof SessionError ? error.code : String(error)
`

/** What must not compile, each with the error that it must be. */
const WRONG_SOURCE = `
import { createSessions } from 'edge-session'
import { memoryStore } from 'edge-session/store/memory'

const store = memoryStore()
const { withSession } = createSessions<{ cart: string[]; visits: number }>({ secrets: ['a'], store })
export const handler = withSession(async ({ session }) => {
  session.set('visit', 1) // TS2345
  session.set('visits', 'one') // TS2345
  await session.increment('cart') // TS2345
  await session.signIn('ada') // TS2349
  const cart = await session.get('cart')
  cart?.push('apple') // TS2339
  const name: string = await session.get('visits') // TS2322
  return name
})
createSessions({ secrets: [], store }) // TS2322
createSessions({ secrets: ['a'] }) // TS2741
`

/** The README's Worker in small, and every import path. */
const WORKER_SOURCE = `
import { createSessions } from 'edge-session'
import { durableObjectStore, SessionObject } from 'edge-session/store/durable-object'
import { kvStore } from 'edge-session/store/kv'

import { modules } from './every.js'

export { SessionObject }

interface Env {
  SESSION_SECRET: string
  SESSIONS: DurableObjectNamespace<SessionObject>
  SESSION_KV?: KVNamespace
}

const { withSession } = createSessions<{ visits: number }, Env>({
  secrets: (env) => [env.SESSION_SECRET],
  store: (env) => (env.SESSION_KV ? kvStore(env.SESSION_KV) : durableObjectStore(env.SESSIONS)),
})

export default {
  fetch: withSession(async ({ session }) => ({ visits: await session.increment('visits'), modules })),
} satisfies ExportedHandler<Env>
`

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
