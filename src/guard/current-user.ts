import type { AccountMethods } from '../accounts.ts'
import type { Session } from '../session/session.ts'
import { accountSessionOf } from './session-of.ts'

/** Returns the user of a request's session. The arguments after the request are passed to the loader. */
export type CurrentUser<User, More extends readonly unknown[]> = (
  request: { readonly session: Pick<Session, 'load'> & Pick<AccountMethods, 'userId'> },
  ...more: More
) => Promise<User | undefined>

interface Loaded<User> {
  readonly userId: string
  readonly user: Promise<User | undefined>
}

/**
 * Returns a function that loads the signed-in user, at most once per request. It replaces Tornado's `current_user` and
 * `get_current_user`, for async loaders. It returns `undefined` if no user is signed in, without calling the loader,
 * and if the loader finds none. After a sign-in in the same request it loads the new user. An error of the loader is
 * rethrown and not cached. Throws `ERR_OPTION` outside of `withSession`.
 */
export function currentUser<User, More extends readonly unknown[]>(
  load: (userId: string, ...more: More) => User | undefined | Promise<User | undefined>,
): CurrentUser<User, More> {
  const users = new WeakMap<object, Loaded<User>>()
  return async (request, ...more) => {
    const session = accountSessionOf(request)
    await session.load()
    const { userId } = session
    if (userId === undefined) return undefined
    const known = users.get(session)
    if (known?.userId === userId) return known.user
    const loading = { userId, user: Promise.resolve(load(userId, ...more)) }
    users.set(session, loading)
    loading.user.catch(() => {
      if (users.get(session) === loading) users.delete(session)
    })
    return loading.user
  }
}
