// The middleware of examples/frameworks/astro, with the session by hand.
import { defineMiddleware } from 'astro:middleware'
import { env } from 'cloudflare:workers'

import { type ByHandEnv, visitorOf } from './by-hand'

export const onRequest = defineMiddleware(async ({ locals, request }, next) => {
  Object.assign(locals, { visitor: await visitorOf(request, env as unknown as ByHandEnv) })
  return next()
})
