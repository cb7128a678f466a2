import type { FrameworkName } from './framework.ts'

/** Where a framework's application sets up sessions: docs/frameworks.md, in a few lines. */
export interface Recipe {
  readonly title: string
  /** The module that calls `createSessions`. */
  readonly sessions: string
  /** The module that uses it, and its lines: a whole module, which test/frameworks/apps.ts type-checks. */
  readonly use: Use
  /** Only if the framework makes the Worker: the application's module to use as `main` instead. */
  readonly entry?: Entry
}

interface Use {
  readonly module: string
  readonly lines: readonly string[]
  /** The parts of the lines that JavaScript has to leave out. */
  readonly types?: readonly string[]
}

interface Entry {
  readonly module: string
  /** The module whose default export is the framework's Worker. */
  readonly worker: string
  /** Text about the framework's own configuration. */
  readonly also?: string
}

const ADAPTER = 'edge-session/adapter'
const NITRO: Entry = {
  module: 'worker.js',
  worker: './.output/server/index.mjs',
  also: `In the framework's configuration: preset: 'cloudflare_module', cloudflare: { deployConfig: false, nodeCompat: true }.`,
}

export const RECIPES: Readonly<Record<FrameworkName, Recipe>> = {
  agents: {
    title: 'Cloudflare Agents and partyserver',
    sessions: 'src/sessions.ts',
    use: {
      module: 'src/index.ts',
      lines: [
        `import { routeAgentRequest } from 'agents'`,
        `import { sessions } from './sessions'`,
        '',
        'export default {',
        '  fetch: sessions.withSession(',
        '    async (request, env) =>',
        `      (await routeAgentRequest(request, env)) ?? new Response('Not found', { status: 404 }),`,
        '  ),',
        '}',
      ],
    },
  },
  astro: {
    title: 'Astro',
    sessions: 'src/sessions.ts',
    use: {
      module: 'src/middleware.ts',
      lines: [
        `import { env } from 'cloudflare:workers'`,
        `import { sessionMiddleware } from '${ADAPTER}/astro'`,
        `import { sessions } from './sessions'`,
        '',
        'export const onRequest = sessionMiddleware(sessions, { env: () => env }) // then: Astro.locals.session',
      ],
    },
    entry: { module: 'src/worker.ts', worker: '@astrojs/cloudflare/entrypoints/server' },
  },
  hono: {
    title: 'Hono',
    sessions: 'src/sessions.ts',
    use: {
      module: 'src/index.ts',
      lines: [
        `import { type SessionEnv, sessionMiddleware } from '${ADAPTER}/hono'`,
        `import { Hono } from 'hono'`,
        `import { sessions } from './sessions'`,
        '',
        'const app = new Hono<SessionEnv<typeof sessions>>()',
        'app.use(sessionMiddleware(sessions)) // then: c.var.session',
        'export default app',
      ],
      types: ['type SessionEnv, ', '<SessionEnv<typeof sessions>>'],
    },
  },
  'itty-router': {
    title: 'itty-router',
    sessions: 'src/sessions.ts',
    use: {
      module: 'src/index.ts',
      lines: [
        `import { sessionHooks } from '${ADAPTER}/itty-router'`,
        `import { AutoRouter, error } from 'itty-router'`,
        `import { sessions } from './sessions'`,
        '',
        'const router = AutoRouter(sessionHooks(sessions, { catch: error })) // then: request.session',
        'export default router',
      ],
    },
  },
  next: {
    title: 'Next.js by OpenNext',
    sessions: 'lib/sessions.ts',
    use: {
      module: 'worker.ts',
      lines: [
        `import { sessionFetch } from '${ADAPTER}/open-next'`,
        `import { sessions } from './lib/sessions'`,
        '// @ts-ignore: OpenNext makes it.',
        `import next from './.open-next/worker.js'`,
        '',
        'export default { fetch: sessionFetch(sessions, next.fetch) }',
        '// In pages and routes: sessionFrom<typeof sessions>(getCloudflareContext().ctx)',
      ],
      types: ['// @ts-ignore: OpenNext makes it.', '<typeof sessions>'],
    },
    entry: { module: 'worker.ts', worker: './.open-next/worker.js' },
  },
  nitro: {
    title: 'Nitro',
    sessions: 'sessions.ts',
    use: {
      module: 'plugins/session.ts',
      lines: [
        `import { nitroSessions } from '${ADAPTER}/nitro'`,
        `import { sessions } from '../sessions'`,
        '',
        'export const { plugin, useEdgeSession } = nitroSessions(sessions)',
        'export default plugin',
      ],
    },
    entry: NITRO,
  },
  nuxt: {
    title: 'Nuxt',
    sessions: 'server/utils/sessions.ts',
    use: {
      module: 'server/utils/edge-session.ts',
      lines: [
        `import { nuxtSessions } from '${ADAPTER}/nuxt'`,
        `import { sessions } from './sessions'`,
        '',
        'export const { plugin, useEdgeSession } = nuxtSessions(sessions)',
        '// And server/plugins/session.ts is: export default plugin',
      ],
    },
    entry: NITRO,
  },
  'react-router': {
    title: 'React Router',
    sessions: 'app/sessions.server.ts',
    use: {
      module: 'app/middleware.server.ts',
      lines: [
        `import { env } from 'cloudflare:workers'`,
        `import type { SessionOf } from 'edge-session'`,
        `import { sessionMiddleware } from '${ADAPTER}/react-router'`,
        `import { createContext } from 'react-router'`,
        `import { sessions } from './sessions.server'`,
        '',
        'export const sessionContext = createContext<SessionOf<typeof sessions>>()',
        'export const middleware = sessionMiddleware(sessions, { context: sessionContext, env: () => env })',
        `// And app/root.tsx has: export { middleware } from './middleware.server'`,
      ],
      types: [`import type { SessionOf } from 'edge-session'`, '<SessionOf<typeof sessions>>'],
    },
  },
  rwsdk: {
    title: 'RedwoodSDK',
    sessions: 'src/sessions.ts',
    use: {
      module: 'src/worker.tsx',
      lines: [
        `import { env } from 'cloudflare:workers'`,
        `import { defineApp } from 'rwsdk/worker'`,
        `import { sessions } from './sessions'`,
        '',
        'const app = defineApp([',
        '  async ({ ctx, request }) => {',
        '    ctx.session = await sessions.open(request, env)',
        '  },',
        '  // your routes',
        '])',
        '',
        'export default { fetch: sessions.withSession((request, env, ctx) => app.fetch(request, env, ctx)) }',
      ],
    },
  },
  sveltekit: {
    title: 'SvelteKit',
    sessions: 'src/lib/server/sessions.ts',
    use: {
      module: 'src/hooks.server.ts',
      lines: [
        `import { sessions } from '$lib/server/sessions'`,
        `import { sessionHooks } from '${ADAPTER}/sveltekit'`,
        '',
        'export const { handle, handleError } = sessionHooks(sessions, {',
        '  env: ({ platform }) => platform?.env,',
        '}) // then: event.locals.session',
      ],
    },
    entry: {
      module: 'worker.js',
      worker: './.svelte-kit/cloudflare/_worker.js',
      also: `SvelteKit's adapter needs another configuration in which the built file is main: adapter({ config: 'wrangler.build.jsonc' }).`,
    },
  },
  'tanstack-start': {
    title: 'TanStack Start',
    sessions: 'src/sessions.ts',
    use: {
      module: 'src/server.ts',
      lines: [
        `import handler from '@tanstack/react-start/server-entry'`,
        `import { sessionFetch } from '${ADAPTER}/tanstack-start'`,
        `import { sessions } from './sessions'`,
        '',
        'export default { fetch: sessionFetch(sessions, (request) => handler.fetch(request)) }',
        '// And a request middleware in src/start.ts, for context.session:',
        '//   next({ context: { session: await sessions.open(request, env) } })',
      ],
    },
    entry: { module: 'src/server.ts', worker: '@tanstack/react-start/server-entry' },
  },
  vinext: {
    title: 'vinext',
    sessions: 'lib/sessions.ts',
    use: {
      module: 'worker/index.ts',
      lines: [
        `import { sessionFetch } from '${ADAPTER}/open-next'`,
        `import handler from 'vinext/server/fetch-handler'`,
        '',
        'export default {',
        '  fetch: sessionFetch(sessions, (request, env, ctx) =>',
        '    requestContext.run(ctx, () => handler.fetch(request, env, ctx)),',
        '  ),',
        '}',
        '',
        '// and in lib/session.ts, for pages, routes and actions:',
        'export const requestContext = new AsyncLocalStorage<object>()',
        '',
        'export async function currentSession() {',
        '  // Without headers(), vinext would cache the page for all visitors.',
        `  const isForOneVisitor = (await headers()).has('Host')`,
        '  const context = isForOneVisitor ? requestContext.getStore() : undefined',
        '  return sessionFrom<typeof sessions>(context ?? {})',
        '}',
      ],
    },
    entry: {
      module: 'worker/index.ts',
      worker: 'vinext/server/fetch-handler',
      also: 'In cloudflare.config.ts, main is called entrypoint.',
    },
  },
}
