import assert from 'node:assert/strict'

import { parse } from 'jsonc-parser'

import { contents, directoryWith } from './command.ts'
import * as templates from './framework-templates.ts'
import type { Template } from './framework-templates.ts'
import { EXPORT, init } from './init.ts'
import { describe, it } from './suite.ts'

interface Configuration {
  readonly main?: string
  readonly durable_objects?: { readonly bindings: readonly object[] }
  readonly migrations?: readonly { readonly tag: string }[]
}

const BINDING = { name: 'SESSIONS', class_name: 'SessionObject' }
const configurationOf = (text: string | undefined): Configuration =>
  parse(text ?? '') as Configuration

/** In the module's own style. */
const EXPORT_LINE =
  /^export \{ SessionObject \} from (['"])edge-session\/store\/durable-object\1;?\n/m

function contentOf(template: Template, path: string): string {
  return template[path] ?? ''
}

/** Runs it with --yes on a template. Returns what it has said, and the files as they are now. */
async function initialised(template: Template) {
  const directory = await directoryWith({ ...template })
  const outcome = await init(directory, '--yes')
  assert.equal(outcome.code, 0, outcome.stderr)
  const after = await contents(directory, [...Object.keys(template), '.dev.vars'])
  return { directory, ...outcome, after }
}

/** Checks that the configuration has the binding and the class besides all that it had, comments too. */
function assertAdded(template: Template, after: Readonly<Record<string, string | undefined>>) {
  const [before, now] = [template['wrangler.jsonc'] ?? '', after['wrangler.jsonc'] ?? '']
  const { durable_objects: objects, migrations = [], ...others } = configurationOf(now)
  const {
    durable_objects: oldObjects,
    migrations: oldMigrations = [],
    ...same
  } = configurationOf(before)
  assert.deepEqual(others, same)
  assert.deepEqual(objects?.bindings, [...(oldObjects?.bindings ?? []), BINDING])
  assert.deepEqual(migrations, [
    ...oldMigrations,
    { tag: `v${oldMigrations.length + 1}`, new_sqlite_classes: ['SessionObject'] },
  ])
  // A line may only have got a comma.
  const lines = new Set(now.split('\n').map((line) => line.replace(/,$/, '')))
  for (const line of before.split('\n')) {
    assert.ok(lines.has(line.replace(/,$/, '')), `${line}\n\nis missing in\n\n${now}`)
  }
  assert.match(after['.dev.vars'] ?? '', /^SESSION_SECRET=\S{43,}$/m)
}

/** Checks that nothing else has changed. */
function assertSame(
  template: Template,
  after: Readonly<Record<string, string | undefined>>,
  ...changed: readonly string[]
) {
  for (const [path, text] of Object.entries(template)) {
    if (!changed.includes(path)) assert.equal(after[path], text, path)
  }
}

async function assertDone(directory: string) {
  const { code, stdout } = await init(directory, '--yes')
  assert.equal(code, 0)
  assert.match(stdout, /Nothing to do/)
}

describe('edge-session init in a whole new application whose framework makes the Worker', () => {
  for (const [name, template, worker, use] of [
    [
      'SvelteKit',
      templates.SVELTEKIT,
      './.svelte-kit/cloudflare/_worker.js',
      'src/hooks.server.ts',
    ],
    ['Astro', templates.ASTRO, '@astrojs/cloudflare/entrypoints/server', 'src/middleware.ts'],
    ['Nuxt', templates.NUXT, './.output/server/index.mjs', 'server/plugins/session.ts'],
    [
      'TanStack Start',
      templates.TANSTACK_START,
      '@tanstack/react-start/server-entry',
      'src/server.ts',
    ],
    ['Next.js by OpenNext', templates.NEXT, './.open-next/worker.js', 'worker.ts'],
  ] as const) {
    it(`adds binding and secret to ${name}, and says which module to write`, async () => {
      const { directory, stdout, stderr, after } = await initialised(template)
      assertAdded(template, after)
      assertSame(template, after, 'wrangler.jsonc')
      assert.ok(stderr.includes(`${name} makes the Worker`), stderr)
      for (const line of [`import worker from '${worker}'`, EXPORT, 'export default worker']) {
        assert.ok(stderr.includes(`  ${line}\n`), stderr)
      }
      assert.ok(stdout.includes(use), stdout)
      await assertDone(directory)
    })
  }
})

describe('edge-session init in a whole new application with a module of its own', () => {
  for (const [name, template, module, use] of [
    ['Hono', templates.HONO, 'src/index.ts', 'app.use(sessionMiddleware(sessions))'],
    ['React Router', templates.REACT_ROUTER, 'workers/app.ts', 'app/root.tsx'],
    ['RedwoodSDK', templates.RWSDK, 'src/worker.tsx', 'sessions.open(request, env)'],
    ['Cloudflare Agents', templates.AGENTS, 'src/server.ts', 'routeAgentRequest'],
    ['no framework', templates.WORKER, 'src/index.ts', 'In your Worker:'],
  ] as const) {
    it(`adds binding, secret and export to one with ${name}`, async () => {
      const { directory, stdout, stderr, after } = await initialised(template)
      assertAdded(template, after)
      assertSame(template, after, 'wrangler.jsonc', module)
      assert.equal(stderr, '')
      const [before, now = ''] = [contentOf(template, module), after[module]]
      assert.match(now, EXPORT_LINE)
      const withoutIt = now.replace(EXPORT_LINE, '').replaceAll(/\n+/g, '\n')
      assert.equal(withoutIt, before.replaceAll(/\n+/g, '\n'))
      assert.ok(stdout.includes(use), stdout)
      await assertDone(directory)
    })
  }
})

describe('edge-session init in a whole new application of Nitro', () => {
  it('says that there is no configuration, and changes nothing', async () => {
    const directory = await directoryWith({ ...templates.NITRO })
    const { code, stderr } = await init(directory, '--yes')
    assert.notEqual(code, 0)
    assert.match(stderr, /wrangler/)
    const after = await contents(directory, Object.keys(templates.NITRO))
    assert.deepEqual(after, templates.NITRO)
  })

  it('adds binding and secret once there is one without main, and says which module to write', async () => {
    const template = {
      ...templates.NITRO,
      'wrangler.jsonc': '{ "name": "shop", "compatibility_date": "2026-11-17" }\n',
    }
    const { stderr, after } = await initialised(template)
    assertSame(template, after, 'wrangler.jsonc')
    assert.deepEqual(configurationOf(after['wrangler.jsonc']).durable_objects?.bindings, [BINDING])
    assert.match(stderr, /Nitro makes the Worker, so create worker\.js/)
  })
})

describe('edge-session init in a whole new application of vinext', () => {
  /** Runs it, and checks what is the same with both configurations. */
  async function initialisedVinext(template: Template, ...changed: readonly string[]) {
    const outcome = await initialised(template)
    const { stdout, stderr, after } = outcome
    // Its .gitignore has .env*, and not the file for secrets.
    assertSame(template, after, '.gitignore', ...changed)
    assert.equal(after['.gitignore'], `${contentOf(template, '.gitignore')}.dev.vars\n`)
    assert.match(after['.dev.vars'] ?? '', /^SESSION_SECRET=\S{43,}$/m)
    assert.match(stderr, /vinext makes the Worker, so create worker\/index\.ts/)
    const worker = `import worker from 'vinext/server/fetch-handler'`
    for (const line of [worker, EXPORT, 'export default worker']) {
      assert.ok(stderr.includes(`  ${line}\n`), stderr)
    }
    assert.match(stdout, /In lib\/session\.ts \(docs\/frameworks\.md, vinext\)/)
    // Its tsconfig.json says that it is TypeScript, since the entry module is not the application's.
    assert.match(
      stdout,
      /createSessions<\{ visits: number \}, Env>[^]*sessionFrom<typeof sessions>/,
    )
    return outcome
  }

  it('prints what to paste into cloudflare.config.ts, and says which module to write', async () => {
    const { stderr } = await initialisedVinext(templates.VINEXT)
    for (const line of [
      `    SessionObject: { type: 'durable-object', storage: 'sqlite' },`,
      `    SESSIONS: { type: 'durable-object', worker: 'shop', exportName: 'SessionObject' },`,
      'In cloudflare.config.ts, main is called entrypoint.',
    ]) {
      assert.ok(stderr.includes(`${line}\n`), stderr)
    }
  })

  it('adds the binding to wrangler.jsonc, and says which module to write', async () => {
    const template = templates.VINEXT_BY_WRANGLER
    const { directory, after } = await initialisedVinext(template, 'wrangler.jsonc')
    assertAdded(template, after)
    await assertDone(directory)
  })
})
