import { sessions } from './sessions.ts'

// #region wrapper
/** Asked every ten seconds by every open page. */
export const unread = sessions.withSession(
  async ({ session }) => ({ unread: (await session.get('unread')) ?? 0 }),
  { touch: false },
)
// #endregion wrapper

export const status = sessions.withSession(async ({ session }) => {
  await session.load({ touch: false })
  return { isSignedIn: session.userId !== undefined, endsAt: session.expiresAt ?? null }
})
