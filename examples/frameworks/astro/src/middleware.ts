import { defineMiddleware } from 'astro:middleware'
import { env } from 'cloudflare:workers'

import { sessions } from './sessions'

export const onRequest = defineMiddleware(({ request, locals, isPrerendered }, next) => {
  // A prerendered page has no visitor.
  if (isPrerendered) return next()
  return sessions.run(
    request,
    env,
    (session) => {
      locals.session = session
      return next()
    },
    locals.cfContext,
  )
})
