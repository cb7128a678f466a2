import { router } from './router.ts'
import { sessions } from './sessions.ts'

router.get(
  '/who',
  sessions.withSession(async ({ session }) => {
    await session.load()
    return {
      userId: session.userId, // 'ada', or undefined
      authenticatedAt: session.authenticatedAt, // when the user last signed in, a Date
      aal: session.aal, // the level given to signIn
    }
  }),
)
