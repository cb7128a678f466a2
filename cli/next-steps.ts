import { existsSync } from 'node:fs'
import { dirname, join } from 'node:path'

import type { FrameworkName } from './framework.ts'
import { OBJECT_CLASSES } from './object-class.ts'
import type { Recipe } from './recipe.ts'
import { RECIPES } from './recipes.ts'
import type { Required } from './required-additions.ts'
import { SECRET_NAME } from './secret.ts'
import type { Wishes } from './wishes.ts'

export interface Done {
  readonly directory: string
  readonly wishes: Wishes
  readonly required: Required
  /** True if the Worker is written in TypeScript. */
  readonly isTyped: boolean
  readonly framework: FrameworkName | undefined
}

/** Returns the remaining steps after `init`, with the lines to paste. */
export function nextSteps(done: Done): string {
  const { directory, wishes, required, isTyped, framework } = done
  const { binding } = required
  const put = ['', ...wishes.environments.map((name) => ` --env ${name}`)].map(
    (option) => `     npx edge-session secret | npx wrangler secret put ${SECRET_NAME}${option}`,
  )
  const steps = [
    ...(isInstalled(directory) ? [] : [['Install the package: npm install edge-session']]),
    ...(isTyped ? [['Update the type Env: npx wrangler types']] : []),
    ...codeSteps(done),
    [
      `Try it: ${framework === undefined ? 'npx wrangler dev' : 'as you build and start your application'}`,
    ],
    ...(wishes.store === 'kv' ? [namespaceStep(binding)] : []),
    ['Before the first deployment, set a secret for it:', ...put],
  ]
  const numbered = steps.map(([first, ...rest], index) =>
    [`  ${index + 1}. ${first}`, ...rest].join('\n'),
  )
  return ['Next:', ...numbered, ''].join('\n')
}

function codeSteps(done: Done): string[][] {
  const recipe = done.framework && RECIPES[done.framework]
  if (recipe === undefined)
    return [codeStep('In your Worker:', [...sessionLines(done), ...routeLines(done)])]
  const { title, sessions, use } = recipe
  return [
    codeStep(
      `In ${sessions}:`,
      sessionLines(done).map((line) =>
        line.replace('const { withSession }', 'export const sessions'),
      ),
    ),
    codeStep(`In ${use.module} (docs/frameworks.md, ${title}):`, linesOf(use, done.isTyped)),
  ]
}

/** Returns the lines of a recipe, without types if the application is JavaScript. */
function linesOf({ lines, types = [] }: Recipe['use'], isTyped: boolean): readonly string[] {
  if (isTyped) return lines
  return lines
    .filter((line) => !types.includes(line))
    .map((line) => types.reduce((text, type) => text.replace(type, ''), line))
}

function codeStep(title: string, lines: readonly string[]): string[] {
  return [title, '', ...lines.map((line) => line && `     ${line}`), '']
}

function namespaceStep(binding: string): string[] {
  return [
    `Create the namespace, and add its id to the binding ${binding}:`,
    `     npx wrangler kv namespace create ${binding}`,
  ]
}

/** The lines that create the store and open sessions. */
function sessionLines({ wishes, required, isTyped }: Done): string[] {
  const isKv = wishes.store === 'kv'
  const factory = isKv ? 'kvStore' : 'durableObjectStore'
  const module = isKv ? 'edge-session/store/kv' : OBJECT_CLASSES.SessionObject.module
  const { imports, first, use } = wishes.users ? withUsers(isTyped) : withoutUsers(isTyped)
  return [
    ...imports,
    `import { ${factory} } from '${module}'`,
    ...(wishes.users ? [`import { userIndex } from '${OBJECT_CLASSES.UserObject.module}'`] : []),
    '',
    ...first,
    `  store: (env) => ${factory}(env.${required.binding}),`,
    ...use,
    '  onEvent: jsonLog,',
    '})',
  ]
}

/** The lines of a Worker with one route. */
function routeLines({ wishes }: Done): string[] {
  return ['', 'export default {', ...(wishes.store === 'kv' ? COUNT_ON_KV : COUNT), '}']
}

interface Code {
  readonly imports: readonly string[]
  /** From `createSessions` to the store. */
  readonly first: readonly string[]
  readonly use: readonly string[]
}

function withoutUsers(isTyped: boolean): Code {
  const types = isTyped ? '<{ visits: number }, Env>' : ''
  return {
    imports: [`import { createSessions, jsonLog } from 'edge-session'`],
    first: [
      `const { withSession } = createSessions${types}({`,
      `  secrets: (env) => [env.${SECRET_NAME}],`,
    ],
    use: [],
  }
}

/** With `use`, the types are inferred. */
function withUsers(isTyped: boolean): Code {
  return {
    imports: [
      `import { createSessions, ${isTyped ? 'json, ' : ''}jsonLog } from 'edge-session'`,
      `import { accounts } from 'edge-session/accounts'`,
    ],
    first: [
      'const { withSession } = createSessions({',
      ...(isTyped ? ['  data: json<{ visits: number }>(),'] : []),
      `  secrets: (env${isTyped ? ': Env' : ''}) => [env.${SECRET_NAME}],`,
    ],
    use: [
      `  use: [accounts({ index: (env) => userIndex(env.${OBJECT_CLASSES.UserObject.binding}) })],`,
    ],
  }
}

const COUNT = [
  `  fetch: withSession(async ({ session }) => ({ visits: await session.increment('visits') })),`,
]
const COUNT_ON_KV = [
  '  fetch: withSession(async ({ session }) => {',
  `    session.set('visits', ((await session.get('visits')) ?? 0) + 1)`,
  '    return session.all()',
  '  }),',
]

function isInstalled(directory: string): boolean {
  if (existsSync(join(directory, 'node_modules', 'edge-session', 'package.json'))) return true
  const above = dirname(directory)
  return above !== directory && isInstalled(above)
}
