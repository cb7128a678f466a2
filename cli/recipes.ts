import type { FrameworkName } from './framework.ts'

/** Where a framework's application sets up sessions: docs/frameworks.md, in a few lines. */
export interface Recipe {
  readonly title: string
  /** The module that calls `createSessions`. */
  readonly sessions: string
  /** The module that uses it, and its lines. */
  readonly use: { readonly module: string; readonly lines: readonly string[] }
  /** Only if the framework makes the Worker: the application's module to use as `main` instead. */
  readonly entry?: Entry
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
        'export default {',
        '  fetch: sessions.withSession(async (request, env) =>',
        `    (await routeAgentRequest(request, env)) ?? new Response('Not found', { status: 404 }),`,
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
        `import { sessionMiddleware } from '${ADAPTER}/hono'`,
        '',
        'app.use(sessionMiddleware(sessions)) // then: c.var.session',
      ],
    },
  },
  'itty-router': {
    title: 'itty-router',
    sessions: 'src/sessions.ts',
    use: {
      module: 'src/index.ts',
      lines: [
        `import { sessionHooks } from '${ADAPTER}/itty-router'`,
        '',
        'const router = AutoRouter(sessionHooks(sessions)) // then: request.session',
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
        '',
        `import next from './.open-next/worker.js'`,
        '',
        'export default { fetch: sessionFetch(sessions, next.fetch) }',
        '',
        '// in pages and routes: sessionFrom(getCloudflareContext().ctx)',
      ],
    },
    entry: { module: 'worker.ts', worker: './.open-next/worker.js' },
  },
  nitro: {
    title: 'Nitro',
    sessions: 'server/utils/sessions.ts',
    use: {
      module: 'server/plugins/session.ts',
      lines: [
        `import { nitroSessions } from '${ADAPTER}/nitro'`,
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
      module: 'server/plugins/session.ts',
      lines: [
        `import { nuxtSessions } from '${ADAPTER}/nuxt'`,
        '',
        'export const { plugin, useEdgeSession } = nuxtSessions(sessions)',
        'export default plugin',
      ],
    },
    entry: NITRO,
  },
  'react-router': {
    title: 'React Router',
    sessions: 'app/session.server.ts',
    use: {
      module: 'app/root.tsx',
      lines: [
        `import { sessionMiddleware } from '${ADAPTER}/react-router'`,
        '',
        'export const sessionContext = createContext()',
        'export const middleware = sessionMiddleware(sessions, { context: sessionContext, env: () => env })',
      ],
    },
  },
  rwsdk: {
    title: 'RedwoodSDK',
    sessions: 'src/sessions.ts',
    use: {
      module: 'src/worker.tsx',
      lines: [
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
        '',
        'export default { fetch: sessionFetch(sessions, (request) => handler.fetch(request)) }',
        '',
        '// and in a request middleware of src/start.ts, for context.session:',
        'next({ context: { session: await sessions.open(request, env) } })',
      ],
    },
    entry: { module: 'src/server.ts', worker: '@tanstack/react-start/server-entry' },
  },
}
