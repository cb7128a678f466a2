import { getCloudflareContext } from '@opennextjs/cloudflare'
import { sessionFrom } from 'edge-session/adapter/open-next'

import type { sessions } from './sessions'

/** Returns the session that worker.ts has opened, and commits. */
export function currentSession() {
  return sessionFrom<typeof sessions>(getCloudflareContext().ctx)
}
