import { AsyncLocalStorage } from 'node:async_hooks'

import { sessionFrom } from 'edge-session/adapter/open-next'
import { headers } from 'next/headers'

import type { sessions } from './sessions'

/** The context of the request that worker/index.ts is answering. */
export const requestContext = new AsyncLocalStorage<object>()

/** Returns the session that worker/index.ts has opened, and commits. */
export async function currentSession() {
  // Without headers(), vinext would cache the page for all visitors. It is empty where the page is cached anyway.
  const isForOneVisitor = (await headers()).has('Host')
  const context = isForOneVisitor ? requestContext.getStore() : undefined
  return sessionFrom<typeof sessions>(context ?? {})
}
