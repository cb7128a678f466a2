import assert from 'node:assert/strict'
import { chmod, readdir, readFile, stat, symlink, writeFile } from 'node:fs/promises'
import { join } from 'node:path'

import { contents, directoryWith, edgeSession, type Outcome } from './command.ts'
import { run } from './project.ts'
import { describe, it } from './suite.ts'

const TOML = `# The shop.
name = "shop" # its name
main = "src/index.ts"
compatibility_date = "2026-11-01"

[vars]
GREETING = "hello"
`
const MODULE = `import { Hono } from 'hono'

export default new Hono()
`
const EXPORT = `export { SessionObject } from 'edge-session/store/durable-object'`
const BLOCKS = `
[[durable_objects.bindings]]
name = "SESSIONS"
class_name = "SessionObject"

[[migrations]]
tag = "v1"
new_sqlite_classes = ["SessionObject"]
`
const FILES = ['wrangler.toml', 'src/index.ts', '.dev.vars', '.gitignore'] as const

const init = (directory: string, ...args: string[]): Promise<Outcome> =>
  edgeSession(directory, ['init', ...args])

/** Runs it with --yes, and gives what is there afterwards. */
async function initialised(
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
async function refusal(files: Record<string, string>, ...args: string[]): Promise<string> {
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

const project = { 'wrangler.toml': TOML, 'src/index.ts': MODULE }

describe('edge-session init', () => {
  it('adds binding, migration, export and secret, and leaves the rest as it is', async () => {
    const { directory, outcome, toml, module, vars } = await initialised(project)
    assert.equal(toml, TOML + BLOCKS)
    assert.equal(module, MODULE.replace(`'hono'\n`, `'hono'\n${EXPORT}\n`))
    assert.match(vars, /^SESSION_SECRET=[\w-]{43}\n$/)
    assert.equal((await stat(join(directory, '.dev.vars'))).mode & 0o777, 0o600)
    assert.match(outcome.stdout, /^Wrote wrangler\.toml, src\/index\.ts, \.dev\.vars\.$/m)
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
      /Nothing was written: there is no terminal to ask on.*edge-session init --yes/,
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

describe('edge-session init refuses, and writes nothing,', () => {
  const binding = (className: string, more = ''): string =>
    `${TOML}\n[[durable_objects.bindings]]\nname = "SESSIONS"\nclass_name = "${className}"\n${more}`
  const migrations = (...lines: string[]): string =>
    TOML + lines.map((line, index) => `\n[[migrations]]\ntag = "v${index + 1}"\n${line}\n`).join('')
  const configurations: [what: string, toml: string, message: RegExp][] = [
    [
      'a binding of another class',
      binding('Room'),
      /SESSIONS is taken: it is for the class "Room"\. .*--binding NAME/,
    ],
    [
      'a binding of another Worker',
      binding('SessionObject', 'script_name = "auth"\n'),
      /another Worker, "auth"/,
    ],
    ['a variable of that name', `${TOML}SESSIONS = "x"\n`, /vars has a SESSIONS already/],
    [
      'a bucket of that name',
      `${TOML}\n[[r2_buckets]]\nbinding = "SESSIONS"\n`,
      /r2_buckets has a SESSIONS already/,
    ],
    [
      'a class without SQLite',
      migrations('new_classes = ["SessionObject"]'),
      /"v1": SessionObject is one of new_classes/,
    ],
    [
      'a class that was deleted',
      migrations('new_sqlite_classes = ["SessionObject"]', 'deleted_classes = ["SessionObject"]'),
      /"v2": SessionObject is one of deleted_classes/,
    ],
    [
      'a class that was renamed',
      migrations(
        'new_sqlite_classes = ["SessionObject"]',
        'renamed_classes = [{ from = "SessionObject", to = "Other" }]',
      ),
      /"v2": SessionObject was renamed/,
    ],
    [
      'a class that was renamed to it, without SQLite',
      migrations(
        'new_classes = ["Old"]',
        'renamed_classes = [{ from = "Old", to = "SessionObject" }]',
      ),
      /"v2": SessionObject is one of new_classes/,
    ],
    [
      'an export without SQLite',
      `${TOML}\n[exports.SessionObject]\ntype = "durable-object"\nstorage = "legacy-kv"\n`,
      /exports\.SessionObject is not a SQLite-backed/,
    ],
    ['no entry module', TOML.replace(/main.*\n/, ''), /main is missing/],
    [
      'an entry module that is not there',
      TOML.replace('index.ts', 'gone.ts'),
      /main is src\/gone\.ts, but there is no such file/,
    ],
    [
      'an entry module that a build makes',
      TOML.replace('src/index.ts', 'dist/worker.js'),
      /which a build makes.*--no-export/,
    ],
    [
      'another language',
      TOML.replace('src/index.ts', 'wrangler.toml'),
      /neither JavaScript nor TypeScript/,
    ],
    [
      'migrations that are no list',
      `${TOML}\n[migrations]\ntag = "v1"\n`,
      /migrations is not a list of tables/,
    ],
    ['what is no TOML', `${TOML}[vars\n`, /wrangler\.toml can't be read/],
  ]
  for (const [what, toml, message] of configurations) {
    it(what, async () => {
      assert.match(await refusal({ ...project, 'wrangler.toml': toml }), message)
    })
  }

  it('a Worker that is no module', async () => {
    const script = `addEventListener('fetch', (event) => event.respondWith(new Response('hi')))\n`
    assert.match(await refusal({ ...project, 'src/index.ts': script }), /is not an ES module/)
  })

  it('a module that can’t be read, with the line to add', async () => {
    const stderr = await refusal({ ...project, 'src/index.ts': 'export default {{{\n' })
    assert.match(stderr, /src\/index\.ts can't be read: .*\(\d+:\d+\)/)
    assert.ok(stderr.includes(EXPORT))
  })

  it('what is no JSON, saying where', async () => {
    const files = {
      'wrangler.jsonc': '{\n  "name": "shop"\n  "main": "x"\n}',
      'src/index.ts': MODULE,
    }
    assert.match(await refusal(files), /CommaExpected at line 3, column 3/)
  })

  it('a list in the place of a table, with the lines to add by hand', async () => {
    const files = {
      'wrangler.json': '{ "main": "src/index.ts", "durable_objects": [] }',
      'src/index.ts': MODULE,
    }
    const stderr = await refusal(files)
    assert.match(stderr, /Add this yourself/)
    assert.match(stderr, /"durable_objects": \{\n {2}"bindings": \[\n {4}\{ "name": "SESSIONS",/)
  })

  it('a directory in the place of a file, without a stack of calls', async () => {
    const files = { 'wrangler.toml/a': '', 'src/index.ts': MODULE }
    assert.match(await refusal(files), /EISDIR/)
  })

  it('a section that is there twice, of which the text that was found is not the one that counts', async () => {
    const bindings = '"durable_objects": { "bindings": [] }'
    const files = {
      'wrangler.json': `{ "main": "src/index.ts", ${bindings}, ${bindings} }`,
      'src/index.ts': MODULE,
    }
    assert.match(await refusal(files), /Nothing was written\. Add this yourself/)
  })

  it('where there is no configuration, and names one above', async () => {
    assert.match(
      await refusal({ 'src/index.ts': MODULE }),
      /no wrangler\.jsonc, wrangler\.json or wrangler\.toml here/,
    )
    const directory = await directoryWith(project)
    const { code, stderr } = await init(join(directory, 'src'), '--yes')
    assert.equal(code, 1)
    assert.match(stderr, /There is one above: --config \.\.\/wrangler\.toml/)
    assert.match(await refusal(project, '--config', 'other.toml'), /There is no file .*other\.toml/)
    assert.match(
      await refusal(project, '--config', 'package.yaml'),
      /neither \.toml nor \.jsonc nor \.json/,
    )
  })
})

describe('the entry module', () => {
  const exported: [what: string, module: string, more?: Record<string, string>][] = [
    ['by name', `export { SessionObject } from 'edge-session/store/durable-object'\n`],
    [
      'under another name',
      `import { SessionObject as S } from 'edge-session/store/durable-object'\nexport { S as SessionObject }\n`,
    ],
    ['all at once', `export * from 'edge-session/store/durable-object'\n`],
    ['as a class', `export class SessionObject extends Base {}\n`],
    ['as an abstract class', `export abstract class SessionObject {}\n`],
    ['as a constant', `export const { SessionObject } = objects, other = 1\n`],
    ['by another file', `export * from './objects'\n`, { 'src/objects.ts': EXPORT }],
    [
      'by a file behind another',
      `export * from './a.js'\n`,
      { 'src/a.ts': `export * from './b'`, 'src/b/index.ts': EXPORT },
    ],
  ]
  for (const [what, module, more] of exported) {
    it(`stays as it is where it exports the class: ${what}`, async () => {
      const text = `${module}export default {}\n`
      assert.equal((await initialised({ ...project, ...more, 'src/index.ts': text })).module, text)
    })
  }

  const others: [what: string, module: string][] = [
    ['in a comment', `// ${EXPORT}\n/* ${EXPORT} */\n`],
    ['in a text', `const text = \`\n${EXPORT}\n\`\n`],
    ['as a type', `export type { SessionObject } from 'edge-session/store/durable-object'\n`],
    [
      'as a type among values',
      `export { type SessionObject } from 'edge-session/store/durable-object'\n`,
    ],
    ['within a namespace', `export namespace Objects { export class SessionObject {} }\n`],
    [
      'under another name',
      `export { SessionObject as Sessions } from 'edge-session/store/durable-object'\n`,
    ],
    ['by a file that exports others', `export * from './objects'\n`],
  ]
  for (const [what, module] of others) {
    it(`gets the export where it only seems to have one: ${what}`, async () => {
      const text = `import a from 'a'\n${module}export default {}\n`
      const files = {
        ...project,
        'src/objects.ts': 'export * from "./index"\n',
        'src/index.ts': text,
      }
      const expected = text.replace(`'a'\n`, `'a'\n${EXPORT}\n`)
      assert.equal((await initialised(files)).module, expected)
    })
  }

  const places: [what: string, before: string, after: string][] = [
    [
      'behind the last import, with quotes and semicolons as there',
      `import a from "a"; // first\nimport {\n  b,\n} from "b"; // second\n\nexport default {};\n`,
      `import a from "a"; // first\nimport {\n  b,\n} from "b"; // second\nexport { SessionObject } from "edge-session/store/durable-object";\n\nexport default {};\n`,
    ],
    [
      'before the first statement and its comment',
      `/** Answers. */\nexport default {}\n`,
      `${EXPORT}\n\n/** Answers. */\nexport default {}\n`,
    ],
    [
      'behind a comment about the file',
      `// Copyright\n// 2026\n\n/** Answers. */\nexport default {}\n`,
      `// Copyright\n// 2026\n\n${EXPORT}\n\n/** Answers. */\nexport default {}\n`,
    ],
    [
      'behind the line for the shell',
      `#!/usr/bin/env node\nexport default {}\n`,
      `#!/usr/bin/env node\n${EXPORT}\nexport default {}\n`,
    ],
    [
      'behind a directive',
      `'use strict'\nexport default {}\n`,
      `'use strict'\n${EXPORT}\nexport default {}\n`,
    ],
    [
      'among statements on one line',
      `import a from 'a'; export default a\n`,
      `import a from 'a';\n${EXPORT}; export default a\n`,
    ],
    ['in an empty file', '', `${EXPORT}\n`],
  ]
  for (const [what, before, after] of places) {
    it(`gets the export ${what}`, async () => {
      assert.equal((await initialised({ ...project, 'src/index.ts': before })).module, after)
    })
  }

  it('is read as what its name says: JSX, types, decorators', async () => {
    const tsx = `import { h } from 'h'\n@d class A<T> { @e b?: T }\nexport default () => <p>don't {'${EXPORT.replaceAll("'", '"')}'} \` //</p>\n`
    const files = { 'wrangler.toml': TOML.replace('.ts', '.tsx'), 'src/index.tsx': tsx }
    const { directory } = await initialised(files)
    assert.equal(
      await readFile(join(directory, 'src', 'index.tsx'), 'utf8'),
      tsx.replace(`'h'\n`, `'h'\n${EXPORT}\n`),
    )
  })

  it('is left alone with --no-export, and the line is shown', async () => {
    const { module, outcome } = await initialised(project, '--no-export')
    assert.equal(module, MODULE)
    assert.ok(outcome.stderr.includes(EXPORT))
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
