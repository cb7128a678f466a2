import { getCloudflareContext } from '@opennextjs/cloudflare'
import { sessionFrom } from 'edge-session/adapter/open-next'
import { headers } from 'next/headers'

import type { sessions } from './sessions'

/** Returns the session that worker.ts has opened, and commits. */
export async function currentSession() {
  // Without headers(), Next.js may keep a page for all visitors. It is empty where Next.js does that anyway.
  const isForOneVisitor = (await headers()).has('Host')
  return sessionFrom<typeof sessions>(isForOneVisitor ? getCloudflareContext().ctx : {})
}
