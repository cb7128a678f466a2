import type { FrameworkName } from './framework.ts'
import { NEXT_RECIPES } from './next-recipes.ts'
import type { Recipe } from './recipe.ts'

const ADAPTER = 'edge-session/adapter'
const NITRO: Recipe['entry'] = {
  module: 'worker.js',
  worker: './.output/server/index.mjs',
  also: `In the framework's configuration: preset: 'cloudflare_module', cloudflare: { deployConfig: false, nodeCompat: true }.`,
}

export const RECIPES: Readonly<Record<FrameworkName, Recipe>> = {
  ...NEXT_RECIPES,
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
}
