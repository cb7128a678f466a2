import { env } from 'cloudflare:workers'
import { sessionMiddleware } from 'edge-session/adapter/astro'

import { sessions } from './sessions'

export const onRequest = sessionMiddleware(sessions, { env: () => env })
