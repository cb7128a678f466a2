import assert from 'node:assert/strict'
import { chmod, readdir, readFile, stat, symlink, writeFile } from 'node:fs/promises'
import { join } from 'node:path'

import { contents, directoryWith } from './command.ts'
import { TOML, MODULE, EXPORT, BLOCKS, FILES, init, initialised, refusal, project } from './init.ts'
import { run } from './project.ts'
import { describe, it } from './suite.ts'

describe('edge-session init', () => {
  it('adds binding, migration, export and secret, and leaves the rest as it is', async () => {
    const { directory, outcome, toml, module, vars } = await initialised(project)
    assert.equal(toml, TOML + BLOCKS)
    assert.equal(module, MODULE.replace(`'hono'\n`, `'hono'\n${EXPORT}\n`))
    assert.match(vars, /^SESSION_SECRET=[\w-]{43}\n$/)
    assert.equal((await stat(join(directory, '.dev.vars'))).mode & 0o777, 0o600)
    assert.match(
      outcome.stdout,
      /^Wrote wrangler\.toml, src\/index\.ts, \.dev\.vars, \.gitignore\.$/m,
    )
    for (const step of ['npm install edge-session', 'npx wrangler dev', 'wrangler secret put']) {
      assert.ok(outcome.stdout.includes(step), step)
    }
  })

  it('shows all of it as a diff, without the secret, and writes nothing before it was told to', async () => {
    const directory = await directoryWith({ ...project, '.dev.vars': 'API_KEY=only-for-me\n' })
    const before = await contents(directory, FILES)
    const { code, stdout, stderr } = await init(directory)
    assert.equal(code, 1)
    assert.match(
      stderr,
      /Nothing was written: there is no terminal for the question.*edge-session init --yes/,
    )
    for (const line of BLOCKS.trim().split('\n').filter(Boolean)) {
      assert.ok(stdout.includes(`\n+${line}\n`), line)
    }
    assert.ok(stdout.includes(`\n+${EXPORT}\n`))
    assert.ok(stdout.includes('\n+SESSION_SECRET=…\n'))
    for (const hidden of ['only-for-me', '\u001B']) assert.ok(!stdout.includes(hidden))
    assert.deepEqual(await contents(directory, FILES), before)
  })

  it('shows the diff and no more with --dry-run', async () => {
    const directory = await directoryWith(project)
    const { code, stdout } = await init(directory, '--dry-run')
    assert.equal(code, 0)
    assert.match(stdout, /Nothing was written: --dry-run/)
    assert.deepEqual(await readdir(directory), ['src', 'wrangler.toml'])
  })

  it('changes nothing the second time', async () => {
    const { directory } = await initialised(project, '--users')
    const before = await contents(directory, FILES)
    const { code, stdout } = await init(directory, '--users')
    assert.equal(code, 0)
    assert.match(stdout, /Nothing to do/)
    assert.deepEqual(await contents(directory, FILES), before)
  })

  const parts = BLOCKS.trim().split('\n\n')
  for (const [index, part] of parts.entries()) {
    it(`completes what was done by halves: only ${part.split('\n')[0]}`, async () => {
      const { toml } = await initialised({ ...project, 'wrangler.toml': `${TOML}\n${part}\n` })
      const other = parts[1 - index] ?? ''
      assert.equal(toml, `${TOML}\n${part}\n\n${other}\n`)
    })
  }

  it('goes on counting where the migrations are numbered', async () => {
    const older =
      '\n[[migrations]]\ntag = "v1"\nnew_classes = ["Room"]\n\n[[migrations]]\ntag = "v9"\n'
    const { toml } = await initialised({ ...project, 'wrangler.toml': TOML + older })
    assert.match(toml, /tag = "v9"\n\n\[\[migrations\]\]\ntag = "v10"\nnew_sqlite_classes/)
  })

  it('finds a tag of its own where they are not', async () => {
    const older = '\n[[migrations]]\ntag = "2026-02-01"\n\n[[migrations]]\ntag = "rooms"\n'
    const { toml } = await initialised({ ...project, 'wrangler.toml': TOML + older })
    assert.match(toml, /\[\[migrations\]\]\ntag = "edge-session-1"\n/)
  })

  it('keeps CRLF, a byte order mark, permissions, a link, and the want of a last line end', async () => {
    const text = `\uFEFF${TOML.replaceAll('\n', '\r\n').trimEnd()}`
    const directory = await directoryWith({
      'real.toml': text,
      'src/index.ts': MODULE.replaceAll('\n', '\r\n'),
    })
    await symlink('real.toml', join(directory, 'wrangler.toml'))
    await chmod(join(directory, 'real.toml'), 0o640)
    assert.equal((await init(directory, '--yes')).code, 0)
    const toml = await readFile(join(directory, 'real.toml'), 'utf8')
    assert.equal(toml, `${text}\r\n${BLOCKS.replaceAll('\n', '\r\n').trimEnd()}`)
    assert.equal((await stat(join(directory, 'real.toml'))).mode & 0o777, 0o640)
    const module = await readFile(join(directory, 'src', 'index.ts'), 'utf8')
    assert.equal(module, MODULE.replace(`'hono'\n`, `'hono'\n${EXPORT}\n`).replaceAll('\n', '\r\n'))
    assert.deepEqual(
      (await readdir(directory)).filter((name) => name.endsWith('.tmp')),
      [],
    )
  })

  it('adds UserObject with --users, in one migration', async () => {
    const { toml, module } = await initialised(project, '--users')
    assert.match(toml, /name = "USERS"\nclass_name = "UserObject"/)
    assert.match(toml, /new_sqlite_classes = \["SessionObject", "UserObject"\]/)
    assert.match(module, /^export { UserObject } from 'edge-session\/store\/user-index'$/m)
  })

  it('adds a KV namespace instead with --kv, and says how to make one', async () => {
    const { toml, module, outcome } = await initialised(project, '--kv')
    assert.equal(toml, `${TOML}\n[[kv_namespaces]]\nbinding = "SESSION_KV"\n`)
    assert.equal(module, MODULE)
    assert.match(outcome.stdout, /npx wrangler kv namespace create SESSION_KV/)
    assert.match(outcome.stdout, /kvStore\(env\.SESSION_KV\)/)
  })

  it('calls the binding as it was told', async () => {
    const { toml, outcome } = await initialised(project, '--binding', 'VISITORS')
    assert.match(toml, /name = "VISITORS"\nclass_name = "SessionObject"/)
    assert.match(outcome.stdout, /durableObjectStore\(env\.VISITORS\)/)
  })

  it('goes on with the binding that the class has already', async () => {
    const bound =
      '\n[[durable_objects.bindings]]\nname = "VISITORS"\nclass_name = "SessionObject"\n'
    const { toml, outcome } = await initialised({ ...project, 'wrangler.toml': TOML + bound })
    assert.doesNotMatch(toml, /SESSIONS/)
    assert.match(outcome.stdout, /durableObjectStore\(env\.VISITORS\)/)
  })

  it('adds the bindings to the named environments that it is told of, and names the others', async () => {
    const environments = '\n# live\n[env.production]\nname = "shop-live"\n\n[env.staging]\n'
    const files = { ...project, 'wrangler.toml': TOML + environments }
    const { toml, outcome } = await initialised(files, '--env', 'production')
    assert.match(
      toml,
      /"shop-live"\n\n\[\[env\.production\.durable_objects\.bindings\]\]\nname = "SESSIONS"/,
    )
    assert.ok(toml.startsWith(`${TOML}${BLOCKS}\n# live\n[env.production]\n`))
    assert.doesNotMatch(toml, /env\.production\.migrations|env\.staging\./)
    assert.match(outcome.stderr, /no SESSIONS in: staging\. .*--env staging/)
    assert.match(outcome.stdout, /secret put SESSION_SECRET --env production/)
    assert.match(
      await refusal(files, '--env', 'live'),
      /no environment "live"\. There are: production, staging/,
    )
  })

  it('adds a migration to an environment that has its own', async () => {
    const environment =
      '\n[[env.production.migrations]]\ntag = "p1"\nnew_sqlite_classes = ["Room"]\n'
    const files = { ...project, 'wrangler.toml': TOML + environment }
    const { toml } = await initialised(files, '--env', 'production')
    assert.match(
      toml,
      /\[\[env\.production\.migrations\]\]\ntag = "p2"\nnew_sqlite_classes = \["SessionObject"\]/,
    )
  })

  it('declares the class by exports where that is how the Worker declares its objects', async () => {
    const exported = '\n[exports.Room]\ntype = "durable-object"\nstorage = "sqlite"\n'
    const { toml } = await initialised({ ...project, 'wrangler.toml': TOML + exported })
    assert.match(
      toml,
      /\n\[exports\.SessionObject\]\ntype = "durable-object"\nstorage = "sqlite"\n/,
    )
    assert.doesNotMatch(toml, /migrations/)
  })

  it('names the secret where the Worker lists its secrets', async () => {
    const secrets = '\n[secrets]\nrequired = ["API_KEY"]\n'
    const { toml } = await initialised({ ...project, 'wrangler.toml': TOML + secrets })
    assert.match(toml, /required = \["API_KEY", "SESSION_SECRET"\]/)
  })

  it('says so where the compatibility date is too old for objects', async () => {
    const old = { ...project, 'wrangler.toml': TOML.replace('2026-11-01', '2024-04-02') }
    assert.match((await initialised(old)).outcome.stderr, /compatibility_date is before 2024-04-03/)
    for (const toml of [
      TOML.replace('2026-11-01', '2024-04-03'),
      old['wrangler.toml'].replace('[vars]', 'compatibility_flags = ["rpc"]\n[vars]'),
    ]) {
      const { outcome } = await initialised({ ...project, 'wrangler.toml': toml })
      assert.equal(outcome.stderr, '')
    }
    assert.equal((await initialised(old, '--kv')).outcome.stderr, '')
  })

  it('reads wrangler.json before wrangler.jsonc before wrangler.toml, as wrangler does', async () => {
    const json = '{ "name": "shop", "main": "src/index.ts" }'
    const files = { ...project, 'wrangler.jsonc': json, 'wrangler.json': json }
    const { stdout } = await init(await directoryWith(files), '--dry-run')
    assert.match(stdout, /^--- wrangler\.json$/m)
    const { 'wrangler.json': _, ...others } = files
    const second = await init(await directoryWith(others), '--dry-run')
    assert.match(second.stdout, /^--- wrangler\.jsonc$/m)
    const named = await init(await directoryWith(files), '--dry-run', '--config', 'wrangler.toml')
    assert.match(named.stdout, /^--- wrangler\.toml$/m)
  })

  it('edits JSON with comments, tabs and trailing commas in its own manner', async () => {
    const text = `{
	// the shop
	"name": "shop",
	"main": "src/index.ts", // its module
	"durable_objects": {
		"bindings": [
			{ "name": "ROOMS", "class_name": "Room" }, // chat
		],
	},
	"migrations": [{ "tag": "v1", "new_sqlite_classes": ["Room"] }], /* done */
}
`
    const directory = await directoryWith({ 'wrangler.jsonc': text, 'src/index.ts': MODULE })
    assert.equal((await init(directory, '--yes')).code, 0)
    const edited = await readFile(join(directory, 'wrangler.jsonc'), 'utf8')
    const expected = text
      .replace(
        ' // chat\n',
        ' // chat\n\t\t\t{ "name": "SESSIONS", "class_name": "SessionObject" },\n',
      )
      .replace(
        '["Room"] }],',
        '["Room"] }, { "tag": "v2", "new_sqlite_classes": ["SessionObject"] }],',
      )
    assert.equal(edited, expected)
  })

  it('writes whole sections into JSON as people do', async () => {
    const text = '{\n  "name": "shop",\n  "main": "src/index.ts" // its module\n}\n'
    const directory = await directoryWith({ 'wrangler.json': text, 'src/index.ts': MODULE })
    assert.equal((await init(directory, '--yes')).code, 0)
    assert.equal(
      await readFile(join(directory, 'wrangler.json'), 'utf8'),
      `{
  "name": "shop",
  "main": "src/index.ts", // its module
  "durable_objects": {
    "bindings": [
      { "name": "SESSIONS", "class_name": "SessionObject" }
    ]
  },
  "migrations": [
    { "tag": "v1", "new_sqlite_classes": ["SessionObject"] }
  ]
}
`,
    )
  })
})

describe('the secret on this machine', () => {
  it('goes behind the variables that are there', async () => {
    const vars = '# mine\nAPI_KEY="a\nb"\r\nX=1'
    const { vars: text } = await initialised({ ...project, '.dev.vars': vars })
    assert.ok(text.startsWith(`${vars}\n`))
    assert.match(text.slice(vars.length), /^\nSESSION_SECRET=[\w-]{43}$/)
  })

  it('is not replaced', async () => {
    for (const line of [
      'SESSION_SECRET=' + 'x'.repeat(40),
      `export SESSION_SECRET = "${'y'.repeat(32)}"`,
    ]) {
      assert.equal((await initialised({ ...project, '.dev.vars': line })).vars, line)
    }
  })

  it('fills a line that waits for it', async () => {
    const { vars } = await initialised({ ...project, '.dev.vars': 'A=1\nSESSION_SECRET=""\nB=2\n' })
    assert.match(vars, /^A=1\nSESSION_SECRET=[\w-]{43}\nB=2\n$/)
  })

  it('is not mistaken for one in another value', async () => {
    const { vars } = await initialised({
      ...project,
      '.dev.vars': `A="\nSESSION_SECRET=${'x'.repeat(40)}\n"\n`,
    })
    assert.match(vars, /"\nSESSION_SECRET=[\w-]{43}\n$/)
  })

  it('is said to be too short', async () => {
    const files = { ...project, '.dev.vars': 'SESSION_SECRET=short\n' }
    const { vars, outcome } = await initialised(files)
    assert.equal(vars, files['.dev.vars'])
    assert.match(outcome.stderr, /shorter than 32 bytes/)
    assert.doesNotMatch(outcome.stderr + outcome.stdout, /=short/)
  })

  it('goes to .env.local where .env is what wrangler reads, since it reads no .env beside a .dev.vars', async () => {
    const { directory } = await initialised({ ...project, '.env': 'API_KEY=1\n' })
    const found = await contents(directory, ['.dev.vars', '.env.local', '.env'])
    assert.equal(found['.dev.vars'], undefined)
    assert.match(found['.env.local'] ?? '', /^SESSION_SECRET=/)
    assert.equal(found['.env'], 'API_KEY=1\n')
  })

  it('is kept out of git', async () => {
    const directory = await directoryWith(project)
    await run(directory, 'git', 'init', '--quiet')
    await writeFile(join(directory, '.gitignore'), 'node_modules')
    assert.equal((await init(directory, '--yes')).code, 0)
    assert.equal(await readFile(join(directory, '.gitignore'), 'utf8'), 'node_modules\n.dev.vars')
    await run(directory, 'git', 'check-ignore', '.dev.vars')
  })

  it('is kept out of a repository that is made later', async () => {
    const { directory } = await initialised(project)
    assert.equal(await readFile(join(directory, '.gitignore'), 'utf8'), '.dev.vars\n')
    await init(directory, '--yes')
    assert.equal(await readFile(join(directory, '.gitignore'), 'utf8'), '.dev.vars\n')
    await run(directory, 'git', 'init', '--quiet')
    await run(directory, 'git', 'check-ignore', '.dev.vars')
  })

  it('adds no line where git ignores it already, and warns where git has it', async () => {
    const directory = await directoryWith({ ...project, '.gitignore': '.dev*\n' })
    await run(directory, 'git', 'init', '--quiet')
    assert.equal((await init(directory, '--yes')).code, 0)
    assert.equal(await readFile(join(directory, '.gitignore'), 'utf8'), '.dev*\n')
    await run(directory, 'git', 'add', '--force', '.dev.vars')
    const { stderr } = await init(directory, '--yes')
    assert.match(stderr, /git rm --cached \.dev\.vars/)
  })

  it('is said to be in the open where it stands in the configuration', async () => {
    const { outcome } = await initialised({
      ...project,
      'wrangler.toml': `${TOML}SESSION_SECRET = "x"\n`,
    })
    assert.match(outcome.stderr, /vars\.SESSION_SECRET is in the configuration/)
  })
})
