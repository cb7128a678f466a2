import type { AccountMethods, SignInDetails } from './accounts.ts'
import { UNKNOWN_ADDRESS } from './codec/cookie.ts'
import { SessionError } from './errors.ts'
import type { Sessions } from './request/create-sessions.ts'
import type { Key, Value } from './session/data.ts'
import { noteCookie } from './testing/made-cookies.ts'

export {
  type Initiator,
  type Server,
  TestBrowser,
  type TestBrowserOptions,
  type TestRequestInit,
} from './testing/test-browser.ts'

/** The initial content of a test's session. */
export type SessionContents<Data extends object, Flash extends object> = {
  readonly data?: { readonly [K in Key<Data>]?: Value<Data, K> }
  readonly flash?: { readonly [K in Key<Flash>]?: Value<Flash, K> }
} & (SignedIn | Anonymous)

/** The signed-in user, and details for `signIn` such as `aal`. */
type SignedIn = { readonly userId: string } & SignInDetails
type Anonymous = { readonly [K in keyof SignedIn]?: never }

/**
 * Returns the `Cookie` header of a visitor with this session. The session is made by the application's own `sessions`,
 * with its store and secret, as by a request. `env` is the same as for the application's requests. A `TestBrowser` of
 * the same process keeps the cookie with its attributes, such as `Domain` and `Path`.
 *
 * Throws `ERR_VALUE` if there is nothing to store, since such a visitor has no session and no cookie. Also throws the
 * errors of `open`, `set`, `signIn` and `commit`.
 */
export async function cookieFor<Data extends object, Env, Flash extends object>(
  sessions: Pick<Sessions<Data, Env, Flash>, 'open' | 'commit'>,
  env: Env,
  { data = {}, flash = {}, userId, ...details }: SessionContents<Data, Flash>,
): Promise<string> {
  const session = await sessions.open(new Request(UNKNOWN_ADDRESS), env)
  if (userId !== undefined) await accountOf(session).signIn(userId, details)
  for (const [key, value] of entriesOf<Data>(data)) session.set(key, value)
  for (const [key, value] of entriesOf<Flash>(flash)) session.flash(key, value)
  // Throws errors here, which the response would only report.
  await session.commit()
  const response = await sessions.commit(session, new Response())
  if (!response.ok) {
    throw new SessionError('ERR_STORE', `The session was not made: ${await response.text()}`)
  }
  const pairs = response.headers.getSetCookie().map(noteCookie)
  if (pairs.length > 0) return pairs.join('; ')
  throw new SessionError(
    'ERR_VALUE',
    'The session would be empty, so it has no cookie. Pass data, flash or a userId to cookieFor().',
  )
}

/** Returns the session if users can sign in to it. Throws `ERR_OPTION` for sessions without `accounts()`. */
function accountOf(session: object): AccountMethods {
  if ('signIn' in session) return session as AccountMethods
  throw new SessionError(
    'ERR_OPTION',
    'cookieFor(): a userId needs accounts(). Write use: [accounts()] with edge-session/accounts.',
  )
}

/** Returns the entries to set. A key with the value `undefined` is left out, as in a session. */
function entriesOf<Data extends object>(values: object): [Key<Data>, Value<Data, Key<Data>>][] {
  const entries = Object.entries(values).filter(([, value]) => value !== undefined)
  return entries as [Key<Data>, Value<Data, Key<Data>>][]
}
