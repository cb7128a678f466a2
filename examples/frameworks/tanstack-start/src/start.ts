import { createCsrfMiddleware, createMiddleware, createStart } from '@tanstack/react-start'
import { env } from 'cloudflare:workers'

import { sessions } from './sessions'

// The session that src/server.ts has opened, and commits: here it becomes `context.session`.
const session = createMiddleware().server(async ({ next, request }) =>
  next({ context: { session: await sessions.open(request, env) } }),
)
const csrf = createCsrfMiddleware({ filter: ({ handlerType }) => handlerType === 'serverFn' })

export const startInstance = createStart(() => ({ requestMiddleware: [csrf, session] }))
