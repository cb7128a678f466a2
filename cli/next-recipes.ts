import type { Recipe } from './recipe.ts'

const ADAPTER = 'edge-session/adapter/open-next'

/** The two ways to run Next.js on Workers. */
export const NEXT_RECIPES: Readonly<Record<'next' | 'vinext', Recipe>> = {
  next: {
    title: 'Next.js by OpenNext',
    sessions: 'lib/sessions.ts',
    use: {
      module: 'lib/session.ts',
      lines: [
        `import { getCloudflareContext } from '@opennextjs/cloudflare'`,
        `import { sessionFrom } from '${ADAPTER}'`,
        `import { headers } from 'next/headers'`,
        `import type { sessions } from './sessions'`,
        '',
        'export async function currentSession() {',
        '  // Without headers(), Next.js may keep the page for all visitors.',
        `  const isForOneVisitor = (await headers()).has('Host')`,
        '  return sessionFrom<typeof sessions>(isForOneVisitor ? getCloudflareContext().ctx : {})',
        '}',
        '// And worker.ts has:',
        `//   import { sessionFetch } from '${ADAPTER}'`,
        `//   import { sessions } from './lib/sessions'`,
        '//   export default { fetch: sessionFetch(sessions, worker.fetch) }',
      ],
      types: [`import type { sessions } from './sessions'`, '<typeof sessions>'],
    },
    entry: { module: 'worker.ts', worker: './.open-next/worker.js' },
  },
  vinext: {
    title: 'vinext',
    sessions: 'lib/sessions.ts',
    use: {
      module: 'lib/session.ts',
      lines: [
        `import { AsyncLocalStorage } from 'node:async_hooks'`,
        `import { sessionFrom } from '${ADAPTER}'`,
        `import { headers } from 'next/headers'`,
        `import type { sessions } from './sessions'`,
        '',
        'export const requestContext = new AsyncLocalStorage<object>()',
        '',
        'export async function currentSession() {',
        '  // Without headers(), vinext would cache the page for all visitors.',
        `  const isForOneVisitor = (await headers()).has('Host')`,
        '  const context = isForOneVisitor ? requestContext.getStore() : undefined',
        '  return sessionFrom<typeof sessions>(context ?? {})',
        '}',
        '// And worker/index.ts has:',
        `//   import { sessionFetch } from '${ADAPTER}'`,
        '//   export default {',
        '//     fetch: sessionFetch(sessions, (request, env, ctx) =>',
        '//       requestContext.run(ctx, () => worker.fetch(request, env, ctx))),',
        '//   }',
      ],
      types: [`import type { sessions } from './sessions'`, '<object>', '<typeof sessions>'],
    },
    entry: {
      module: 'worker/index.ts',
      worker: 'vinext/server/fetch-handler',
      also: 'In cloudflare.config.ts, main is called entrypoint.',
    },
  },
}
