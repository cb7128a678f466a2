import assert from 'node:assert/strict'
import { readFile } from 'node:fs/promises'
import { join } from 'node:path'

import { contents, directoryWith } from './command.ts'
import { BLOCKS, EXPORT, init, initialised, project, refusal, TOML } from './init.ts'
import { describe, it } from './suite.ts'

const packageOf = (...names: string[]): string =>
  JSON.stringify({ dependencies: Object.fromEntries(names.map((name) => [name, '1.0.0'])) })

/** A configuration whose main is that, or none. */
const tomlWith = (main?: string): string =>
  TOML.replace('main = "src/index.ts"\n', main === undefined ? '' : `main = "${main}"\n`)

describe('edge-session init in an application of a framework', () => {
  // What the frameworks' own templates have in package.json and as main; the last one: a piece of what is printed.
  const TEMPLATES: readonly (readonly [
    name: string,
    packages: string[],
    main: string | undefined,
    says: string,
  ])[] = [
    [
      'SvelteKit',
      ['@sveltejs/kit', '@sveltejs/adapter-cloudflare'],
      '.svelte-kit/cloudflare/_worker.js',
      'edge-session/adapter/sveltekit',
    ],
    [
      'Astro',
      ['astro', '@astrojs/cloudflare'],
      '@astrojs/cloudflare/entrypoints/server',
      'edge-session/adapter/astro',
    ],
    ['Nuxt', ['nuxt'], undefined, 'edge-session/adapter/nuxt'],
    ['Nitro', ['nitro'], '.output/server/index.mjs', 'edge-session/adapter/nitro'],
    [
      'TanStack Start',
      ['@tanstack/react-start', '@cloudflare/vite-plugin'],
      '@tanstack/react-start/server-entry',
      'edge-session/adapter/tanstack-start',
    ],
    [
      'Next.js by OpenNext',
      ['next', '@opennextjs/cloudflare'],
      '.open-next/worker.js',
      'sessionFetch(sessions, worker.fetch)',
    ],
    // Both may still be there while an application moves.
    [
      'vinext',
      ['next', '@opennextjs/cloudflare', 'vinext'],
      'vinext/server/fetch-handler',
      'requestContext.run(ctx, () => worker.fetch(request, env, ctx))',
    ],
  ]
  for (const [name, packages, main, says] of TEMPLATES) {
    it(`writes binding and secret for ${name}, which makes the Worker, and says where the class goes`, async () => {
      const { outcome, toml, vars } = await initialised({
        'wrangler.toml': tomlWith(main),
        'package.json': packageOf(...packages),
      })
      assert.equal(toml, tomlWith(main) + BLOCKS)
      assert.match(vars, /^SESSION_SECRET=/)
      assert.ok(outcome.stderr.includes(`\n  ${EXPORT}\n`), outcome.stderr)
      assert.match(outcome.stderr, /export default worker/)
      assert.ok(outcome.stderr.includes(`${name} makes the Worker`), outcome.stderr)
      assert.ok(outcome.stdout.includes(says), outcome.stdout)
    })
  }

  for (const [name, packages, says] of [
    ['Hono', ['hono'], 'app.use(sessionMiddleware(sessions))'],
    ['itty-router', ['itty-router'], 'AutoRouter(sessionHooks(sessions, { catch: error }))'],
    ['React Router', ['react-router', '@react-router/dev'], 'edge-session/adapter/react-router'],
    ['RedwoodSDK', ['rwsdk'], 'sessions.open(request, env)'],
    ['Cloudflare Agents and partyserver', ['agents', 'hono'], 'routeAgentRequest'],
  ] as const) {
    it(`exports the class from the module of a ${name} application, and prints its lines`, async () => {
      const { outcome, module } = await initialised({
        ...project,
        'package.json': packageOf(...packages),
      })
      assert.ok(module.includes(EXPORT))
      assert.equal(outcome.stderr, '')
      assert.ok(outcome.stdout.includes(says), outcome.stdout)
      assert.match(outcome.stdout, /export const sessions = createSessions/)
    })
  }

  for (const [name, says] of [
    ['hono', 'import { sessionMiddleware } from'],
    ['hono', 'new Hono()'],
    ['@react-router/dev', 'createContext()'],
  ] as const) {
    it(`prints no types for ${name} in JavaScript: ${says}`, async () => {
      const { outcome } = await initialised({
        'wrangler.toml': tomlWith('src/index.js'),
        'src/index.js': 'export default {}\n',
        'package.json': packageOf(name),
      })
      assert.ok(outcome.stdout.includes(says), outcome.stdout)
      assert.doesNotMatch(outcome.stdout, /typeof sessions|\btype\b/)
    })
  }

  it('leaves a module of its own as main alone, but for the export', async () => {
    const files = {
      'wrangler.toml': tomlWith('worker.js'),
      'package.json': packageOf('@sveltejs/kit'),
      'worker.js': `import worker from './.svelte-kit/cloudflare/_worker.js'\nexport default worker\n`,
    }
    const { directory, outcome } = await initialised(files)
    assert.equal(outcome.stderr, '')
    const text = await readFile(join(directory, 'worker.js'), 'utf8')
    assert.ok(text.includes(EXPORT))
  })

  it('says the same again the second time, and changes nothing', async () => {
    const files = { 'wrangler.toml': tomlWith(), 'package.json': packageOf('nuxt') }
    const { directory } = await initialised(files)
    const before = await contents(directory, ['wrangler.toml', '.dev.vars'])
    const { code, stdout, stderr } = await init(directory, '--yes')
    assert.equal(code, 0)
    assert.match(stdout, /Nothing to do/)
    assert.match(stderr, /Nuxt makes the Worker/)
    assert.deepEqual(await contents(directory, ['wrangler.toml', '.dev.vars']), before)
  })

  it('takes a package.json that is none for no framework', async () => {
    const { outcome } = await initialised({
      ...project,
      'package.json': '{"dependencies": ["astro"',
    })
    assert.match(outcome.stdout, /In your Worker:/)
  })

  it('refuses a Worker without main where no framework makes one', async () => {
    assert.match(await refusal({ 'wrangler.toml': tomlWith() }), /main is missing/)
  })

  it('writes binding and secret where main is built by something that it does not know', async () => {
    const { toml, outcome } = await initialised({ 'wrangler.toml': tomlWith('dist/index.js') })
    assert.ok(toml.includes('[[migrations]]'))
    assert.match(outcome.stderr, /main is dist\/index\.js, which is build output\. Add this/)
  })
})

describe('edge-session init where another Worker has the objects', () => {
  const shared = `${TOML}
[[durable_objects.bindings]]
name = "SHARED_SESSIONS"
class_name = "SessionObject"
script_name = "accounts"
`
  it('takes its binding, declares and exports nothing, and makes no secret', async () => {
    const files = { ...project, 'wrangler.toml': shared }
    const directory = await directoryWith(files)
    const { code, stdout, stderr } = await init(directory, '--yes')
    assert.equal(code, 0, stderr)
    assert.match(stdout, /Nothing to do/)
    assert.match(
      stderr,
      /SHARED_SESSIONS is for the objects of the Worker "accounts".*same SESSION_SECRET/,
    )
    assert.deepEqual(await contents(directory, ['wrangler.toml', 'src/index.ts']), files)
  })

  it('adds the list of users of its own with --users', async () => {
    const { toml, module } = await initialised({ ...project, 'wrangler.toml': shared }, '--users')
    assert.match(toml, /new_sqlite_classes = \["UserObject"\]/)
    assert.match(module, /export \{ UserObject \}/)
    assert.doesNotMatch(module, /SessionObject/)
  })

  it('makes sessions of its own where another binding is chosen', async () => {
    const { toml, module, vars } = await initialised(
      { ...project, 'wrangler.toml': shared },
      '--binding',
      'OWN',
    )
    assert.match(toml, /name = "OWN"\nclass_name = "SessionObject"\n/)
    assert.match(toml, /new_sqlite_classes = \["SessionObject"\]/)
    assert.ok(module.includes(EXPORT))
    assert.match(vars, /^SESSION_SECRET=/)
  })
})

describe('edge-session init beside cloudflare.config.ts', () => {
  const program = `import { defineConfig } from 'cf/config'
import * as entrypoint from './src/index.ts' with { type: 'cf-worker' }

export default defineConfig({
  worker: { name: 'shop', compatibilityDate: '2026-11-01', entrypoint },
})
`
  it('prints what to paste, exports the class and writes the secret', async () => {
    const files = { 'cloudflare.config.ts': program, 'src/index.ts': project['src/index.ts'] }
    const { directory, outcome, module, vars } = await initialised(files)
    assert.ok(module.includes(EXPORT))
    assert.match(vars, /^SESSION_SECRET=/)
    for (const line of [
      `SessionObject: { type: 'durable-object', storage: 'sqlite' },`,
      `SESSIONS: { type: 'durable-object', worker: 'shop', exportName: 'SessionObject' },`,
      `SESSION_SECRET: { type: 'secret' },`,
    ]) {
      assert.ok(outcome.stderr.includes(line), outcome.stderr)
    }
    assert.equal(await readFile(join(directory, 'cloudflare.config.ts'), 'utf8'), program)
  })

  it('prints nothing to paste where all of it is there', async () => {
    const whole = program.replace(
      'entrypoint }',
      `entrypoint,
    exports: { SessionObject: { type: 'durable-object', storage: 'sqlite' } },
    env: {
      SESSIONS: { type: 'durable-object', worker: 'shop', exportName: 'SessionObject' },
      SESSION_SECRET: { type: 'secret' },
    } }`,
    )
    const { outcome } = await initialised({
      'cloudflare.config.ts': whole,
      'src/index.ts': project['src/index.ts'],
    })
    assert.equal(outcome.stderr, '')
  })

  it('takes no comment for a binding that is there', async () => {
    const commented = program.replace(
      'export default',
      '// SESSIONS, SessionObject: to do\nexport default',
    )
    const files = { 'cloudflare.config.ts': commented, 'src/index.ts': project['src/index.ts'] }
    const { outcome } = await initialised(files)
    assert.match(outcome.stderr, /SessionObject: \{ type[^]*SESSIONS: \{ type/)
  })

  it('says what to export where the entry module is not named as a text', async () => {
    const elsewhere = program.replace(
      /^import \* as .*$/m,
      `import { entrypoint } from './entry.ts'`,
    )
    const files = { 'cloudflare.config.ts': elsewhere, 'src/index.ts': project['src/index.ts'] }
    const { outcome, module, vars } = await initialised(files)
    assert.ok(outcome.stderr.includes(`  ${EXPORT}\n`), outcome.stderr)
    assert.equal(module, project['src/index.ts'])
    assert.match(vars, /^SESSION_SECRET=/)
  })

  it('goes by a configuration of wrangler where there is one', async () => {
    const { outcome, toml } = await initialised({ ...project, 'cloudflare.config.ts': program })
    assert.equal(outcome.stderr, '')
    assert.equal(toml, TOML + BLOCKS)
  })

  it('prints the namespace instead with --kv', async () => {
    const files = { 'cloudflare.config.ts': program, 'src/index.ts': project['src/index.ts'] }
    const { outcome, module } = await initialised(files, '--kv')
    assert.match(outcome.stderr, /SESSION_KV: \{ type: 'kv' \}/)
    assert.doesNotMatch(outcome.stderr, /durable-object/)
    assert.equal(module, project['src/index.ts'])
  })

  it('has no named environments', async () => {
    const files = { 'cloudflare.config.ts': program, 'src/index.ts': project['src/index.ts'] }
    assert.match(await refusal(files, '--env', 'staging'), /no named environments/)
  })
})
