import { signedIn } from './guards.ts'
import { router } from './router.ts'
import { sessions } from './sessions.ts'

// #region list
router.get(
  '/devices',
  sessions.withSession(
    signedIn(({ session }, env) => sessions.user(session.userId, env).list(session)),
  ),
)
// #endregion list

// #region end
router.post(
  '/devices/:which/end',
  sessions.withSession(
    signedIn(async ({ session, params: { which } }, env) => {
      const mine = sessions.user(session.userId, env)
      if (which === 'others') return mine.revokeOthers(session) // all but this one: after a change of password
      if (which !== 'all') return mine.revoke(which) // one; another user's id does nothing, and gives false
      const ended = await mine.revokeAll() // all: an account that is closed, or taken over
      await session.signOut() // this browser's cookie, too
      return ended
    }),
  ),
)
// #endregion end
