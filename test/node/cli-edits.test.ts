import assert from 'node:assert/strict'

import fc from 'fast-check'
import { parse as parseJson5 } from 'jsonc-parser'
import { parse as parseTomlText } from 'smol-toml'

import { isSame, type Table } from '../../cli/addition.ts'
import { requiredAdditions } from '../../cli/required-additions.ts'
import type { Wishes } from '../../cli/wishes.ts'
import { editedText } from '../../cli/wrangler-config.ts'
import { describe, it } from './suite.ts'

const RUNS = 400

/** A line that has nothing to do with sessions, and what makes a careless editor stumble. */
const NOISE = ['# a comment', '# [[migrations]]', '# "bindings": [ { # ] }', '', '', '   ']

interface Generated {
  readonly text: string
  /** Lines that must come out as they went in, in this order. */
  readonly kept: readonly string[]
}

const oneOf = <Value>(...values: readonly Value[]): fc.Arbitrary<Value> =>
  fc.constantFrom(...values)
const some = <Value>(...values: readonly Value[]): fc.Arbitrary<Value[]> => fc.subarray([...values])

/** One of several ways to write the same section; `*` marks a line that may change. */
const TOML_BINDINGS = oneOf(
  [],
  [
    '[[durable_objects.bindings]]',
    'name = "ROOMS" # chat',
    'class_name = "Room"',
    '# script_name = "x"',
  ],
  ['[ durable_objects ]', '*bindings = [ { name = "ROOMS", class_name = "Room" } ] # one'],
  [
    '[durable_objects]',
    '*bindings = [{ name = "A,]", class_name = "A" }, { name = "B", class_name = "#" },]',
  ],
  [
    '[durable_objects]',
    'bindings = [',
    '  # first, the rooms',
    '  { name = "ROOMS", class_name = "Room" }, # chat ]',
    '  # the end',
    ']',
  ],
  [
    '[durable_objects]',
    'bindings = [',
    '*  { name = "ROOMS", class_name = "Room" } # no, comma',
    ']',
  ],
  ['[durable_objects]', '*bindings = []'],
  ['[durable_objects]', 'bindings = [', '  # none yet', ']'],
  ['[durable_objects]', '# nothing in it'],
  ['[[\'durable_objects\'."bindings"]]', 'name = "ROOMS"', 'class_name = "Room"'],
)
const TOML_ROOT_BINDINGS = oneOf(
  [],
  ['*durable_objects = { bindings = [{ name = "ROOMS", class_name = "Room" }] }'],
  ['*durable_objects.bindings = [{ name = "ROOMS", class_name = "Room" }]'],
  ['*durable_objects = {}'],
  ['*durable_objects = { bindings = [ ] } # none'],
)
const TOML_MIGRATIONS = oneOf(
  [],
  ['[[migrations]]', 'tag = "v1"', 'new_sqlite_classes = ["Room"]'],
  [
    '[[migrations]]',
    'tag = "v1"',
    'new_classes = ["Old"]',
    '',
    '[[migrations]]',
    'tag = "v2" # renamed',
    '',
    '  [[migrations.renamed_classes]]',
    '  from = "Old"',
    '  to = "New"',
  ],
)
const TOML_ROOT_MIGRATIONS = oneOf(
  [],
  ['*migrations = [{ tag = "a", new_sqlite_classes = ["Room"] }]'],
  ['migrations = [', '  { tag = "a" }, # first', ']'],
)
const TOML_SECTIONS = [
  ['[vars]', 'A = """', '[[migrations]]', 'tag = "no"', '"""', "B = 'C:\\'", 'D = { e = "f" }'],
  ['[[kv_namespaces]] # copies', 'binding = "COPIES"', 'id = "0"'],
  ['[[r2_buckets]]', 'binding = "FILES"'],
  ['[observability.logs]', 'enabled = true'],
  ['[site]', 'bucket = "./dist"', '"a.b" = 1979-05-27 07:32:00Z', 'inf = -inf'],
]
const TOML_ENVIRONMENTS = [
  ['[env.staging]', 'name = "s"', '[env.staging.vars]', 'A = "x"'],
  [
    '[env.production]',
    '[[env.production.durable_objects.bindings]]',
    'name = "ROOMS"',
    'class_name = "Room"',
  ],
  ['[env."odd name"]', 'routes = [', '  "a", # one', ']'],
]

const noise = fc.array(oneOf(...NOISE), { maxLength: 3 })

const toml: fc.Arbitrary<Generated> = fc
  .record({
    rootBindings: TOML_ROOT_BINDINGS,
    bindings: TOML_BINDINGS,
    rootMigrations: TOML_ROOT_MIGRATIONS,
    migrations: TOML_MIGRATIONS,
    sections: some(...TOML_SECTIONS),
    environments: some(...TOML_ENVIRONMENTS),
    order: fc.nat(5),
    noises: fc.array(noise, { minLength: 12, maxLength: 12 }),
    eol: oneOf('\n', '\r\n'),
    isClosed: fc.boolean(),
  })
  .map(
    ({
      rootBindings,
      bindings,
      rootMigrations,
      migrations,
      sections,
      environments,
      order,
      noises,
      eol,
      isClosed,
    }) => {
      const tables = [
        ...sections,
        ...(rootBindings.length > 0 ? [] : [bindings]),
        ...(rootMigrations.length > 0 ? [] : [migrations]),
      ]
      const turned = [...tables.slice(order), ...tables.slice(0, order)]
      const head = ['name = "app"', 'main = "src/index.ts"', ...rootBindings, ...rootMigrations]
      const blocks = [head, ...turned, ...environments]
      const lines = blocks.flatMap((block, index) => [...(noises[index] ?? []), ...block])
      return generated([...lines, ...(noises[11] ?? [])], eol, isClosed)
    },
  )

function generated(lines: readonly string[], eol: string, isClosed: boolean): Generated {
  return {
    text: lines.map((line) => line.replace(/^\*/, '')).join(eol) + (isClosed ? eol : ''),
    kept: lines.filter((line) => !line.startsWith('*') && line.trim() !== ''),
  }
}

const JSON_BINDINGS = oneOf(
  [],
  ['*"durable_objects": { "bindings": [{ "name": "ROOMS", "class_name": "Room" }] }'],
  [
    '"durable_objects": {',
    '\t"bindings": [',
    '\t\t{ "name": "ROOMS", "class_name": "]," } // chat, ]',
    '\t] /* end */',
    '}',
  ],
  [
    '"durable_objects": {',
    '\t"bindings": [',
    '\t\t{',
    '\t\t\t"name": "ROOMS",',
    '\t\t\t"class_name": "Room",',
    '\t\t}, // chat',
    '\t\t// the end',
    '\t],',
    '}',
  ],
  ['*"durable_objects": {}'],
  ['*"durable_objects": { /* none */ }'],
  ['*"durable_objects": { "bindings": [] }'],
  ['"durable_objects": {', '\t"bindings": [', '\t\t// none yet', '\t]', '}'],
)
const JSON_MIGRATIONS = oneOf(
  [],
  ['*"migrations": [{ "tag": "v1", "new_sqlite_classes": ["Room"] }]'],
  ['"migrations": [', '\t{ "tag": "v1" }, // first', '\t{ "tag": "v2" }', ']'],
)
const JSON_OTHERS = [
  ['"vars": { "A": "// \\" no comment", "B": "/*" }'],
  ['"kv_namespaces": [', '\t{ "binding": "COPIES" } /* , */', ']'],
  ['"compatibility_flags": []'],
  [
    '"env": {',
    '*\t"staging": { "name": "s" },',
    '\t// live',
    '\t"production": {',
    '*\t\t"durable_objects": { "bindings": [] }',
    '\t}',
    '}',
  ],
]

const json: fc.Arbitrary<Generated> = fc
  .record({
    bindings: JSON_BINDINGS,
    migrations: JSON_MIGRATIONS,
    others: some(...JSON_OTHERS),
    order: fc.nat(5),
    unit: oneOf('  ', '    ', '\t'),
    comment: oneOf('', ' // a comment, with { [ "', ' /* another */'),
    hasTrailing: fc.boolean(),
    eol: oneOf('\n', '\r\n'),
    isClosed: fc.boolean(),
  })
  .map(({ bindings, migrations, others, order, unit, comment, hasTrailing, eol, isClosed }) => {
    const sections = [...others, bindings, migrations].filter((section) => section.length > 0)
    const turned = [...sections.slice(order), ...sections.slice(0, order)]
    const properties = [['"name": "app"'], ['"main": "src/index.ts"'], ...turned]
    const lines = properties.flatMap((property, index) => {
      const comma = index < properties.length - 1 || hasTrailing ? ',' : ''
      return property.map((line, at) =>
        at === property.length - 1 ? indented(line, unit) + comma + comment : indented(line, unit),
      )
    })
    return generated(['{ // ours', ...lines, `${unit}// the last`, '}'], eol, isClosed)
  })

/** The mark of a line stays in front. */
function indented(line: string, unit: string): string {
  const mark = line.startsWith('*') ? '*' : ''
  return mark + unit + line.slice(mark.length).replaceAll('\t', unit)
}

const wishes: fc.Arbitrary<Wishes> = fc.record({
  store: oneOf('durable-object' as const, 'kv' as const),
  users: fc.boolean(),
  binding: oneOf(undefined, 'VISITORS'),
  environments: some('staging', 'production'),
})

interface Scope {
  readonly durable_objects?: { readonly bindings?: readonly unknown[] }
  readonly kv_namespaces?: readonly unknown[]
}

interface Config extends Scope {
  readonly migrations?: readonly { readonly tag: string }[]
  readonly env?: Record<string, Scope>
}

const NEXT_TAGS = new Map([
  [undefined, 'v1'],
  ['v1', 'v2'],
  ['v2', 'v3'],
  ['a', 'edge-session-1'],
])

/** What should come out, worked out apart from the code under test. */
function expected(config: Config, { store, users, binding, environments }: Wishes): Config {
  const classes = [...(store === 'kv' ? [] : ['SessionObject']), ...(users ? ['UserObject'] : [])]
  const added = classes.map((name) => ({
    name: name === 'UserObject' ? 'USERS' : (binding ?? 'SESSIONS'),
    class_name: name,
  }))
  const bound = (scope: Scope): Scope => ({
    ...scope,
    ...(added.length > 0 && {
      durable_objects: {
        ...scope.durable_objects,
        bindings: [...(scope.durable_objects?.bindings ?? []), ...added],
      },
    }),
    ...(store === 'kv' && {
      kv_namespaces: [...(scope.kv_namespaces ?? []), { binding: binding ?? 'SESSION_KV' }],
    }),
  })
  const { migrations = [], env } = config
  const tag = NEXT_TAGS.get(migrations.at(-1)?.tag)
  const scopes = Object.entries(env ?? {}).map(([name, scope]) => [
    name,
    environments.includes(name) ? bound(scope) : scope,
  ])
  return {
    ...bound(config),
    ...(classes.length > 0 && {
      migrations: [...migrations, { tag, new_sqlite_classes: classes }],
    }),
    ...(env && { env: Object.fromEntries(scopes) as Record<string, Scope> }),
  } as Config
}

/** Whether the lines are all in the text, in this order. A comma may have come behind one. */
function hasLines(text: string, kept: readonly string[]): boolean {
  const lines = text.replaceAll(',', '').split(/\r?\n/)
  let at = 0
  for (const line of kept) {
    at = lines.indexOf(line.replaceAll(',', ''), at) + 1
    if (at === 0) return false
  }
  return true
}

/** Whether nothing but additions were made: every character is still there, in its order. */
function isExtended(before: string, after: string): boolean {
  let at = 0
  for (const character of after) if (character === before[at]) at += 1
  return at === before.length
}

function check(name: string, { text, kept }: Generated, wanted: Wishes): void {
  const read = (source: string): Table =>
    name.endsWith('.toml')
      ? parseTomlText(source)
      : (parseJson5(source, [], { allowTrailingComma: true }) as Table)
  const known = Object.keys(read(text)['env'] ?? {})
  const environments = wanted.environments.filter((each) => known.includes(each))
  const wish = { ...wanted, environments }
  const eol = text.includes('\r\n') ? '\r\n' : '\n'
  const edit = (source: string): string => {
    const file = { path: `/app/${name}`, text: source, mark: '', eol, mode: 0o644 } as const
    const table = read(source)
    return editedText({ file, table }, requiredAdditions(table, wish).additions)
  }
  const after = edit(text)
  assert.ok(isSame(read(after), expected(read(text), wish) as Table), 'says something else')
  assert.ok(hasLines(after, kept), 'has lost a line')
  assert.ok(isExtended(text.replaceAll(/[ \t]/g, ''), after), 'has lost something')
  assert.equal(after.endsWith('\n'), text.endsWith('\n'), 'ends otherwise')
  if (eol === '\r\n') assert.doesNotMatch(after, /[^\r]\n/)
  else assert.doesNotMatch(after, /\r/)
  assert.equal(edit(after), after, 'changes again')
}

describe('what is added to a configuration', () => {
  it('leaves every comment and line of wrangler.toml, and says what it should', async () => {
    fc.assert(
      fc.property(toml, wishes, (file, wish) => check('wrangler.toml', file, wish)),
      { numRuns: RUNS },
    )
  })

  it('leaves every comment and line of wrangler.jsonc, and says what it should', async () => {
    fc.assert(
      fc.property(json, wishes, (file, wish) => check('wrangler.jsonc', file, wish)),
      { numRuns: RUNS },
    )
  })
})
