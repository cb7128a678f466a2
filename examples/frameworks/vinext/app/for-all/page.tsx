import { currentSession } from '../../lib/session'

// Such a page is made once, for all visitors.
export const dynamic = 'force-static'

export default async function ForAll() {
  const session = await currentSession().catch(() => undefined)
  return <p>{session === undefined ? 'This page has no session' : 'This page has a session'}</p>
}
