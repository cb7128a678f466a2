import assert from 'node:assert/strict'
import { readFile } from 'node:fs/promises'
import { join } from 'node:path'

import { directoryWith } from '../node/command.ts'
import { TOML, MODULE, EXPORT, init, initialised, refusal, project } from '../node/init.ts'
import { describe, it } from '../node/suite.ts'

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
    ['a variable of that name', `${TOML}SESSIONS = "x"\n`, /vars already has SESSIONS/],
    [
      'a bucket of that name',
      `${TOML}\n[[r2_buckets]]\nbinding = "SESSIONS"\n`,
      /r2_buckets already has SESSIONS/,
    ],
    [
      'a class without SQLite',
      migrations('new_classes = ["SessionObject"]'),
      /"v1": SessionObject is in new_classes/,
    ],
    [
      'a class that was deleted',
      migrations('new_sqlite_classes = ["SessionObject"]', 'deleted_classes = ["SessionObject"]'),
      /"v2": SessionObject is in deleted_classes/,
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
      /"v2": SessionObject is in new_classes/,
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
      /main is src\/gone\.ts, which does not exist/,
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
    ['what is no TOML', `${TOML}[vars\n`, /wrangler\.toml cannot be parsed/],
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
    assert.match(stderr, /src\/index\.ts cannot be parsed: .*\(\d+:\d+\)/)
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
    assert.match(stderr, /A parent directory has one: --config \.\.\/wrangler\.toml/)
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
